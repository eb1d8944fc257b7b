//! Answers, in the form of each service.

use super::error::ApiError;
use super::service::Service;
use super::xml::Xml;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

/// A successful answer: `body` is the inside of the result.
pub(crate) fn success(
    service: Service,
    operation: &str,
    body: &str,
    request_id: &str,
) -> Response<Bytes> {
    let text = match service {
        Service::Ec2 => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{request_id}</requestId>{body}</{operation}Response>"
        ),
        Service::Rds | Service::Sts => {
            let namespace = namespace(service);
            format!(
                "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{body}</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
            )
        }
        Service::SecretsManager => body.to_owned(),
    };
    response(service, 200, text, request_id)
}

pub(crate) fn failure(service: Service, error: &ApiError, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::new();
    let text = match service {
        Service::Ec2 => {
            xml.node("Response", |xml| {
                xml.node("Errors", |xml| {
                    xml.node("Error", |xml| {
                        xml.text("Code", &error.code)
                            .text("Message", &error.message);
                    });
                })
                .text("RequestID", request_id);
            });
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
                xml.finish()
            )
        }
        Service::Rds | Service::Sts => {
            let side = if error.status < 500 {
                "Sender"
            } else {
                "Receiver"
            };
            xml.node("Error", |xml| {
                xml.text("Type", side)
                    .text("Code", &error.code)
                    .text("Message", &error.message);
            })
            .text("RequestId", request_id);
            let (namespace, body) = (namespace(service), xml.finish());
            format!("<ErrorResponse xmlns=\"{namespace}\">{body}</ErrorResponse>")
        }
        Service::SecretsManager => serde_json::json!({
            "__type": error.code,
            "Message": error.message,
        })
        .to_string(),
    };
    response(service, error.status, text, request_id)
}

fn namespace(service: Service) -> &'static str {
    match service {
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://rds.amazonaws.com/doc/2014-10-31/",
    }
}

fn response(service: Service, status: u16, text: String, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = match service {
        Service::Ec2 => "text/xml;charset=UTF-8",
        Service::Rds | Service::Sts => "text/xml",
        Service::SecretsManager => "application/x-amz-json-1.1",
    };
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(kind));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

//! Answers that end too early are not believed.
//!
//! The SDK's reader of XML takes the end of the text for the end of every
//! element that is still open, so half of a list is a shorter list to it, and
//! half of an answer that names one VPC may name none. What stands between us
//! and AWS may cut an answer in a way that HTTP does not notice; then a
//! resource would be made twice, or taken to be gone.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Turns an answer in XML that is not whole into an error of the connection.
#[derive(Debug, Clone)]
pub(super) struct WholeAnswers;

impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().body().bytes() {
            Some(body) if !is_whole(body) => Err("the answer ends too early".into()),
            _ => Ok(()),
        }
    }
}

/// Whether the first element of a document is closed at its end. What is no
/// XML of AWS's is not for this to judge.
fn is_whole(body: &[u8]) -> bool {
    let mut rest = body.trim_ascii();
    if rest.starts_with(b"<?") {
        let Some(end) = rest.windows(2).position(|pair| pair == b"?>") else {
            return false;
        };
        rest = rest[end + 2..].trim_ascii();
        if rest.is_empty() {
            return false;
        }
    }
    let Some(root) = rest.strip_prefix(b"<") else {
        return true;
    };
    if root.starts_with(b"!") {
        return true;
    }
    let end = root.iter().position(|byte| b" \t\r\n/>".contains(byte));
    let Some(name) = end.map(|end| &root[..end]) else {
        return false;
    };
    let closed = rest.strip_suffix(b">").map(<[u8]>::trim_ascii_end);
    let closed = closed.and_then(|rest| rest.strip_suffix(name));
    closed.is_some_and(|rest| rest.ends_with(b"</"))
        || rest.ends_with(b"/>") && !root.contains(&b'<')
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn no_part_of_an_answer_is_taken_for_the_whole() {
        let answers = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>",
            "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse >",
            "<Empty xmlns=\"x\"/>",
        ];
        let mut parts = 0;
        for answer in answers {
            assert!(is_whole(answer.as_bytes()), "{answer}");
            assert!(is_whole(format!("{answer}\n").as_bytes()), "{answer}");
            for end in 1..answer.len() {
                assert!(!is_whole(&answer.as_bytes()[..end]), "{}", &answer[..end]);
                parts += 1;
            }
        }
        assert!(parts > 200);
    }

    #[test]
    fn what_is_not_of_aws_is_left_to_others() {
        for text in ["", "not found", "<!DOCTYPE html><p>no", "{\"a\":"] {
            assert!(is_whole(text.as_bytes()), "{text}");
        }
    }
}

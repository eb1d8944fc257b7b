//! STS: who is calling.

use crate::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::xml::Xml;

pub(crate) fn caller_identity(context: &mut Context<'_>) -> ApiResult<String> {
    let account = &context.world.account_id;
    let mut xml = Xml::new();
    xml.text("Arn", format_args!("arn:aws:iam::{account}:user/sandbox"))
        .text("UserId", "AIDASANDBOXSANDBOXSAN")
        .text("Account", account);
    Ok(xml.finish())
}

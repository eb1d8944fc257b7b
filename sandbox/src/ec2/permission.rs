//! The permissions of security group rules, as requests and answers spell them.

use super::*;
use crate::ec2::reference::describe_elsewhere;
use crate::wire::params::Params;
use crate::world::network::Permission;

pub(crate) type Given = (Permission, Option<String>);

/// The permissions of a request: `IpPermissions.N` or the simple parameters, not both.
pub(crate) fn given(context: &Context<'_>) -> ApiResult<Vec<Given>> {
    let params = context.params;
    let indices = params.indices("IpPermissions");
    let simple = params.get("IpProtocol").is_some() || params.get("CidrIp").is_some();
    if !indices.is_empty() && simple {
        refuse!("InvalidParameterCombination":
            "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'");
    }
    let mut all = Vec::new();
    for index in indices {
        add_structured(context, &format!("IpPermissions.{index}"), &mut all)?;
    }
    if simple {
        let (protocol, from, to) = ports(params, "")?;
        let cidr = params.need("CidrIp")?;
        let peer = Peer::Cidr(range(cidr)?);
        all.push((
            Permission {
                protocol,
                from,
                to,
                peer,
            },
            None,
        ));
    }
    Ok(all)
}

type Parse = fn(&str) -> ApiResult<Peer>;

fn add_structured(context: &Context<'_>, prefix: &str, all: &mut Vec<Given>) -> ApiResult<()> {
    let params = context.params;
    let (protocol, from, to) = ports(params, &format!("{prefix}."))?;
    let before = all.len();
    let parsers: [(&str, &str, Parse); 4] = [
        ("IpRanges", "CidrIp", |text| Ok(Peer::Cidr(range(text)?))),
        ("Ipv6Ranges", "CidrIpv6", |text| {
            Ok(Peer::Cidr6(range6(text)?))
        }),
        ("PrefixListIds", "PrefixListId", |id| {
            Ok(Peer::PrefixList(id.to_owned()))
        }),
        ("Groups", "GroupId", |id| Ok(Peer::Group(id.to_owned()))),
    ];
    for (list, name, parse) in parsers {
        for index in params.indices(&format!("{prefix}.{list}")) {
            let at = format!("{prefix}.{list}.{index}");
            let peer = parse(params.need(&format!("{at}.{name}"))?)?;
            let permission = Permission {
                protocol: protocol.clone(),
                from,
                to,
                peer,
            };
            let description = description(params, &at)?;
            all.push((permission, description.map(str::to_owned)));
        }
    }
    if all.len() == before {
        return Err(ApiError::missing(
            "ipRanges, ipv6Ranges, prefixListIds or groups",
        ));
    }
    Ok(())
}

fn description<'a>(params: &'a Params, at: &str) -> ApiResult<Option<&'a str>> {
    let text = params.get(&format!("{at}.Description"));
    let legal = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    match text {
        Some(text) if text.len() > 255 || !text.chars().all(legal) => {
            Err(refusal!("InvalidParameterValue":
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"))
        }
        text => Ok(text),
    }
}

fn malformed(text: &str) -> ApiError {
    refusal!("InvalidParameterValue": "CIDR block {text} is malformed")
}

fn range(text: &str) -> ApiResult<Ipv4Net> {
    cidr::v4(text).ok_or_else(|| malformed(text))
}

fn range6(text: &str) -> ApiResult<String> {
    let range = cidr::v6(text).ok_or_else(|| malformed(text))?;
    Ok(range.to_string())
}

type Ports = (String, Option<i64>, Option<i64>);

fn ports(params: &Params, prefix: &str) -> ApiResult<Ports> {
    let protocol = params
        .need(&format!("{prefix}IpProtocol"))?
        .to_ascii_lowercase();
    let protocol = match protocol.as_str() {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        _ => protocol,
    };
    let from = params.number(&format!("{prefix}FromPort"))?;
    let to = params.number(&format!("{prefix}ToPort"))?;
    match protocol.as_str() {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                refuse!("InvalidParameterValue":
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
            };
            if !(0..=65535).contains(&from) || !(0..=65535).contains(&to) || from > to {
                refuse!("InvalidParameterValue":
                    "Invalid value '{from}-{to}' for portRange. Must be between 0 and 65535, the start not above the end.");
            }
            Ok((protocol, Some(from), Some(to)))
        }
        "icmp" | "icmpv6" => Ok((protocol, from.or(Some(-1)), to.or(Some(-1)))),
        // With all protocols, ports mean nothing and are dropped.
        "-1" => Ok((protocol, None, None)),
        number if number.parse::<u8>().is_ok() => Ok((protocol, None, None)),
        other => Err(refusal!("InvalidPermission.Malformed":
            "Invalid value '{other}' for IP protocol. Unknown protocol.")),
    }
}

/// How AWS quotes a permission in its messages.
pub(crate) fn quoted(permission: &Permission) -> String {
    let peer = peer_text(&permission.peer);
    let protocol = match permission.protocol.as_str() {
        "-1" => "ALL".to_owned(),
        name => name.to_ascii_uppercase(),
    };
    match (permission.from, permission.to) {
        (Some(from), Some(to)) => {
            format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
        }
        _ => format!("peer: {peer}, {protocol}, ALLOW"),
    }
}

/// The permissions of a group: rules of one protocol and port range are one element.
pub(crate) fn permission_set(
    xml: &mut Xml,
    name: &str,
    rules: &[&Rule],
    context: &Context<'_>,
    group: &str,
) {
    let mut ranges: Vec<(&str, Option<i64>, Option<i64>)> = Vec::new();
    for rule in rules {
        let key = (
            rule.permission.protocol.as_str(),
            rule.permission.from,
            rule.permission.to,
        );
        if !ranges.contains(&key) {
            ranges.push(key);
        }
    }
    xml.list(name, "item", ranges, |xml, (protocol, from, to)| {
        let same: Vec<&&Rule> = rules
            .iter()
            .filter(|rule| {
                let one = &rule.permission;
                (one.protocol.as_str(), one.from, one.to) == (protocol, from, to)
            })
            .collect();
        xml.text("ipProtocol", protocol)
            .maybe("fromPort", from)
            .maybe("toPort", to);
        peers(xml, &same, context, group);
    });
}

fn peers(xml: &mut Xml, rules: &[&&Rule], context: &Context<'_>, group: &str) {
    let groups = rules.iter().filter_map(|rule| match &rule.permission.peer {
        Peer::Group(id) => Some((id, &rule.description)),
        _ => None,
    });
    xml.list("groups", "item", groups, |xml, (id, description)| {
        xml.text("userId", &context.world.account_id)
            .text("groupId", id)
            .maybe("description", description.as_ref());
        describe_elsewhere(xml, context, group, id);
    });
    for (list, element, is_meant) in RANGES {
        let meant = rules.iter().filter(|rule| is_meant(&rule.permission.peer));
        xml.list(list, "item", meant, |xml, rule| {
            xml.text(element, peer_text(&rule.permission.peer))
                .maybe("description", rule.description.as_ref());
        });
    }
}

type IsMeant = fn(&Peer) -> bool;

/// The elements for peers that are no groups.
const RANGES: [(&str, &str, IsMeant); 3] = [
    ("ipRanges", "cidrIp", |peer| matches!(peer, Peer::Cidr(_))),
    ("ipv6Ranges", "cidrIpv6", |peer| {
        matches!(peer, Peer::Cidr6(_))
    }),
    ("prefixListIds", "prefixListId", |peer| {
        matches!(peer, Peer::PrefixList(_))
    }),
];

fn peer_text(peer: &Peer) -> String {
    match peer {
        Peer::Cidr(cidr) => cidr.to_string(),
        Peer::Cidr6(text) | Peer::PrefixList(text) | Peer::Group(text) => text.clone(),
    }
}

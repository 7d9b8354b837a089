//! Reads definition files; the format is told in `protocol/messages/README.md`.

use anyhow::{Context as _, Result, bail, ensure};

use crate::model::{Field, Kind, Message, Struct, Type, Versions};

/// All messages of a file.
pub(crate) fn parse(text: &str) -> Result<Vec<Message>> {
    let mut messages: Vec<Message> = Vec::new();
    // The struct that lines of each depth belong to; none is the message itself.
    let mut open: Vec<Option<String>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let body = line.trim();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let depth = (line.len() - line.trim_start().len()) / 2;
        let parsed = if depth == 0 {
            header(body).map(|message| {
                messages.push(message);
                open = vec![None];
            })
        } else {
            messages
                .last_mut()
                .context("a field before any message")
                .and_then(|m| nested(m, &mut open, depth, body))
        };
        parsed.with_context(|| format!("line {}: {line}", number + 1))?;
    }
    Ok(messages)
}

fn header(line: &str) -> Result<Message> {
    let mut words = line.split_whitespace();
    let kind = match words.next() {
        Some("request") => Kind::Request,
        Some("response") => Kind::Response,
        Some("record") => Kind::Record,
        Some("key") => Kind::Key,
        Some("value") => Kind::Value,
        Some("data") => Kind::Data,
        _ => bail!("unknown kind"),
    };
    let name = words.next().context("no name")?.to_owned();
    let mut message = Message {
        kind,
        name,
        key: None,
        versions: Versions::NONE,
        flexible: Versions::NONE,
        fields: vec![],
        structs: vec![],
    };
    while let Some(word) = words.next() {
        let value = words.next().context("a word without its value")?;
        match word {
            "key" => message.key = Some(value.parse()?),
            "versions" => message.versions = versions(value)?,
            "flexible" if value == "none" => {}
            "flexible" => message.flexible = versions(value)?,
            _ => bail!("unknown word {word}"),
        }
    }
    Ok(message)
}

fn nested(message: &mut Message, open: &mut Vec<Option<String>>, depth: usize, body: &str) -> Result<()> {
    ensure!(depth <= open.len(), "indented too far");
    open.truncate(depth);
    if let Some(rest) = body.strip_prefix("struct ") {
        let name = rest.split_whitespace().next().context("no name")?;
        message.structs.push(Struct {
            name: name.to_owned(),
            fields: vec![],
        });
        open.push(Some(name.to_owned()));
        return Ok(());
    }
    let field = field(body)?;
    let inner = struct_of(&field.ty).map(str::to_owned);
    match open.last().context("no owner")? {
        None => message.fields.push(field),
        Some(owner) => {
            if !message.structs.iter().any(|s| s.name == *owner) {
                message.structs.push(Struct {
                    name: owner.clone(),
                    fields: vec![],
                });
            }
            let owner = message
                .structs
                .iter_mut()
                .find(|s| s.name == *owner)
                .context("no such struct")?;
            owner.fields.push(field);
        }
    }
    open.push(inner);
    Ok(())
}

/// The struct a type is made of.
fn struct_of(ty: &Type) -> Option<&str> {
    match ty {
        Type::Struct(name) => Some(name),
        Type::Array(inner) => struct_of(inner),
        _ => None,
    }
}

fn field(line: &str) -> Result<Field> {
    let (name, rest) = line.split_once(':').context("no colon")?;
    let mut words = rest.split_whitespace();
    let mut field = Field {
        name: name.to_owned(),
        ty: ty(words.next().context("no type")?),
        versions: versions(words.next().context("no versions")?)?,
        nullable: Versions::NONE,
        tag: None,
        inflexible: false,
        ignorable: false,
        default: None,
    };
    while let Some(word) = words.next() {
        match word {
            "null" => field.nullable = versions(words.next().context("no versions")?)?,
            "tag" => {
                let tag = words.next().context("no tag")?.parse()?;
                field.tag = Some((tag, versions(words.next().context("no versions")?)?));
            }
            "inflexible" => field.inflexible = true,
            "ignorable" => field.ignorable = true,
            "=" => field.default = Some(words.next().context("no default")?.to_owned()),
            _ => bail!("unknown word {word}"),
        }
    }
    Ok(field)
}

fn ty(word: &str) -> Type {
    if let Some(inner) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Type::Array(Box::new(ty(inner)));
    }
    const SCALARS: [&str; 9] = ["bool", "i8", "i16", "u16", "i32", "u32", "i64", "f64", "uuid"];
    match word {
        "string" => Type::String,
        "bytes" | "records" => Type::Bytes,
        _ => match SCALARS.iter().find(|scalar| **scalar == word) {
            Some(scalar) => Type::Scalar(scalar),
            None => Type::Struct(word.to_owned()),
        },
    }
}

fn versions(word: &str) -> Result<Versions> {
    if let Some(min) = word.strip_suffix('+') {
        return Ok(Versions {
            min: min.parse()?,
            max: i16::MAX,
        });
    }
    match word.split_once('-') {
        Some((min, max)) => Ok(Versions {
            min: min.parse()?,
            max: max.parse()?,
        }),
        None => Ok(Versions {
            min: word.parse()?,
            max: word.parse()?,
        }),
    }
}

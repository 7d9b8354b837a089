//! Shares, as in 9% or 0.09, and windows made of them.

use super::asked::AskedWindows;

/// A share.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let invalid = || format!("\"{text}\" is not a share such as 9% or 0.09");
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map_err(|_| invalid())? * unit;
    if share.is_finite() && share >= 0.0 {
        Ok(share)
    } else {
        Err(invalid())
    }
}

/// A share of a whole, which is not more than that.
pub(super) fn parse_part(text: &str) -> Result<f64, String> {
    let share = parse_share(text)?;
    if share <= 1.0 {
        Ok(share)
    } else {
        Err(format!("\"{text}\" is more than the whole"))
    }
}

/// For one resource, or for all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tolerance {
    resource: Option<String>,
    tolerance: Option<f64>,
}

/// SHARE, RESOURCE=SHARE or RESOURCE=off.
pub(super) fn parse_tolerance(text: &str) -> Result<Tolerance, String> {
    let Some((resource, share)) = text.split_once('=') else {
        return Ok(Tolerance {
            resource: None,
            tolerance: Some(parse_share(text)?),
        });
    };
    window(&mut AskedWindows::default(), resource)
        .ok_or_else(|| format!("\"{resource}\" is none of disk, bytes-in, bytes-out, replicas and leaders"))?;
    let tolerance = if share == "off" {
        None
    } else {
        Some(parse_share(share)?)
    };
    Ok(Tolerance {
        resource: Some(resource.to_owned()),
        tolerance,
    })
}

fn window<'a>(windows: &'a mut AskedWindows, resource: &str) -> Option<&'a mut Option<f64>> {
    match resource {
        "disk" => Some(&mut windows.disk),
        "bytes-in" => Some(&mut windows.bytes_in),
        "bytes-out" => Some(&mut windows.bytes_out),
        "replicas" => Some(&mut windows.replicas),
        "leaders" => Some(&mut windows.leaders),
        _ => None,
    }
}

/// These windows, changed by what was given; a resource counts more than all of them.
pub(super) fn changed(mut windows: AskedWindows, given: &[Tolerance]) -> AskedWindows {
    for tolerance in given
        .iter()
        .filter(|one| one.resource.is_none())
        .filter_map(|one| one.tolerance)
    {
        windows = AskedWindows::all(tolerance);
    }
    for one in given {
        let named = one
            .resource
            .as_deref()
            .and_then(|resource| window(&mut windows, resource));
        if let Some(window) = named {
            *window = one.tolerance;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_parts_or_per_cent_and_nothing_else() {
        assert_eq!(parse_share("9%"), Ok(0.09));
        assert_eq!(parse_share("0.25"), Ok(0.25));
        assert_eq!(parse_share("150 %"), Ok(1.5));
        for bad in ["", "%", "-1", "nan", "inf", "x", "1e400"] {
            assert!(parse_share(bad).is_err(), "{bad}");
        }
        assert!(parse_part("150%").is_err());
    }

    #[test]
    fn a_resource_counts_more_than_all() {
        let given = ["disk=1%", "5%", "leaders=off"].map(|text| parse_tolerance(text).unwrap());
        let windows = changed(AskedWindows::all(0.09), &given);
        assert_eq!(
            (windows.disk, windows.replicas, windows.leaders),
            (Some(0.01), Some(0.05), None)
        );
        assert!(parse_tolerance("cpu=1%").is_err() && parse_tolerance("disk=x").is_err());
    }
}

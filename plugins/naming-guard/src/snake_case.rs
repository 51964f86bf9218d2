//! Any name in lower snake case.
//!
//! The guard calls it. Pure.

/// `SalesInvoice`, `sales-invoice` and `Sales Invoice!` become `sales_invoice`; `HTTPServer2` becomes
/// `http_server2`. What is neither letter nor digit of ASCII parts words; digits in front go.
pub fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        if !c.is_ascii_alphanumeric() {
            part(&mut out);
        } else if out.is_empty() && c.is_ascii_digit() {
            // An identifier starts with a letter.
        } else {
            let ends_acronym = rest.peek().is_some_and(char::is_ascii_lowercase);
            let is_hump = c.is_ascii_uppercase() && (!before.is_ascii_uppercase() || ends_acronym);
            if is_hump {
                part(&mut out);
            }
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

fn part(out: &mut String) {
    if !out.is_empty() && !out.ends_with('_') {
        out.push('_');
    }
}

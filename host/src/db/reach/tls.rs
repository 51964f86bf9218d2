//! Why no encrypted connection to a PostgreSQL server comes about: what of its certificate, of the files that the address
//! names, or of the server's set-up stands in the way.

use std::io::ErrorKind;
use std::path::Path;

use rustls::{CertificateError, Error as TlsError};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::postgres::Place;
use super::{correct, writable};
use crate::trouble::Trouble;

/// What the address says of encryption.
struct Asked {
    mode: String,
    /// The files it names, each with its parameter.
    files: Vec<(String, String)>,
}

impl Asked {
    fn of(options: &PgConnectOptions) -> Self {
        let url = writable(options).to_url_lossy();
        let of =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        // The driver tells a file from a text by what stands before it.
        let file = |name: &str| of(name).map(|value| value.trim_start_matches("file: ").to_owned());
        let files = ["sslrootcert", "sslcert", "sslkey"];
        let files = files.iter().filter_map(|name| Some(((*name).to_owned(), file(name)?))).collect();
        Self { mode: of("sslmode").unwrap_or_default(), files }
    }

    fn root(&self) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == "sslrootcert").map(|(_, file)| file.as_str())
    }
}

/// The trouble behind an error of a connection, if it is one of encryption.
pub(super) fn of_io(
    place: &Place<'_>,
    options: &PgConnectOptions,
    error: &std::io::Error,
) -> Option<Trouble> {
    let asked = Asked::of(options);
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        return Some(of_tls(place, &asked, inner));
    }
    // Nothing but the files of certificates is opened.
    let unread =
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory);
    unread.then(|| no_file(place, &asked, error))
}

/// The same of an error that the driver has only words for.
pub(super) fn of_words(place: &Place<'_>, options: &PgConnectOptions, said: &str) -> Trouble {
    let asked = Asked::of(options);
    match said {
        "server does not support TLS" => no_tls(place, &asked),
        _ if said.starts_with("Invalid certificate") => {
            no_certificate(place, asked.root().unwrap_or_default())
        }
        _ => other(place, &asked, said),
    }
}

fn of_tls(place: &Place<'_>, asked: &Asked, error: &TlsError) -> Trouble {
    match error {
        // One of the same name, and with another key.
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            unknown_issuer(place, asked)
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => another_name(place, error),
        TlsError::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => out_of_time(place, error),
        TlsError::InvalidCertificate(CertificateError::Other(other)) => match other.to_string().as_str() {
            "CaUsedAsEndEntity" => of_ca(place, asked),
            "UnsupportedCertVersion" => old_version(place, asked),
            said => self::other(place, asked, said),
        },
        TlsError::AlertReceived(alert) => {
            let found =
                format!("the server at {} broke the encrypted connection off: it says {alert:?}", place.at());
            let means = "it takes no client without a certificate that it trusts (clientcert in its pg_hba.conf, ssl_ca_file), or speaks no version of TLS that the host does";
            let next = format!(
                "name a certificate that it trusts (sslcert, sslkey) in the address: {}; its log says more",
                correct("URL")
            );
            trouble(found, means, next)
        }
        error => other(place, asked, &error.to_string()),
    }
}

/// A trouble with encryption.
fn trouble(found: String, means: &str, next: String) -> Trouble {
    Trouble::broken("db/tls", found, means).next(next)
}

/// One with the server's certificate, of which `is` says what it is.
fn of_certificate(place: &Place<'_>, is: &str, means: &str, next: String) -> Trouble {
    trouble(format!("the certificate of the server at {} {is}", place.at()), means, next)
}

/// A certificate that its own key signed, as `openssl req -x509` makes it.
fn of_ca(place: &Place<'_>, asked: &Asked) -> Trouble {
    let is = format!(
        "says that it is one of a certificate authority (CA:TRUE), and sslmode={} takes none of a server that does",
        asked.mode
    );
    let means = "it is signed by itself, as openssl req -x509 makes it unless told otherwise: psql takes it, and the library with which this host speaks TLS does not";
    of_certificate(place, &is, means, make_anew(place))
}

fn old_version(place: &Place<'_>, asked: &Asked) -> Trouble {
    let is = format!("is of a version before 3, and sslmode={} takes none", asked.mode);
    let means = "it was signed without extensions, so it does not say for which hosts it is";
    of_certificate(place, &is, means, make_anew(place))
}

/// Checked by hand: it is taken by this host and by psql, for verify-ca and verify-full.
fn make_anew(place: &Place<'_>) -> String {
    let host = place.host;
    let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!(
        "make one for it: openssl req -new -x509 -nodes -days 825 -subj \"/CN={host}\" -addext basicConstraints=critical,CA:FALSE -addext subjectAltName={kind}:{host} -keyout server.key -out server.crt; put both in place of the server's (ssl_cert_file, ssl_key_file), then SELECT pg_reload_conf(), and name server.crt in the address: {}",
        correct("'URL?sslmode=verify-full&sslrootcert=server.crt'")
    )
}

fn unknown_issuer(place: &Place<'_>, asked: &Asked) -> Trouble {
    let see = format!("openssl s_client -starttls postgres -connect {} -showcerts </dev/null", place.at());
    let Some(root) = asked.root() else {
        let is = format!(
            "is of no public authority, and the address names no other (sslrootcert), which sslmode={} needs",
            asked.mode
        );
        let next = format!(
            "name the file with the authority's certificate: {}; see who signed it: {see}",
            correct("'URL?sslrootcert=FILE'")
        );
        return of_certificate(place, &is, "an authority of your own, or the server itself, signed it", next);
    };
    if !std::fs::read_to_string(root).is_ok_and(|text| text.contains("-----BEGIN CERTIFICATE-----")) {
        return no_certificate(place, root);
    }
    let is = format!("is not signed by any that the file \"{root}\" (sslrootcert) has");
    let means = "the server has got another certificate, the file is another server's, or the certificates between the two are missing from the server's ssl_cert_file";
    let next = format!(
        "see what the server shows, and who signed it: {see}; see what the file has: openssl x509 -in \"{root}\" -noout -subject -dates; then {}",
        correct("'URL?sslrootcert=FILE'")
    );
    of_certificate(place, &is, means, next)
}

fn no_certificate(place: &Place<'_>, file: &str) -> Trouble {
    let found = format!("the file \"{file}\" (sslrootcert) has no certificate that can be read");
    let means = format!(
        "it is to have the one that signed the certificate of the server at {}, in PEM: -----BEGIN CERTIFICATE-----",
        place.at()
    );
    trouble(found, &means, format!("name another file: {}", correct("'URL?sslrootcert=FILE'")))
}

fn another_name(place: &Place<'_>, error: &TlsError) -> Trouble {
    let host = place.host;
    let for_names = match error {
        TlsError::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })
            if !presented.is_empty() =>
        {
            let each: Vec<_> = presented.iter().map(|name| bare(name)).collect();
            format!("it is for {}", each.join(", "))
        }
        _ => "it names no host (subjectAltName)".to_owned(),
    };
    let is = format!("is not for the host \"{host}\": {for_names}");
    let means = "sslmode=verify-full wants the name in the address to be one of the certificate's; its CN does not count";
    let next = format!(
        "use a name of the certificate in the address, or look at who signed it alone (sslmode=verify-ca): {}; or {}",
        correct("URL"),
        make_anew(place)
    );
    of_certificate(place, &is, means, next)
}

/// The name in what the library calls `DnsName("db.internal")`.
fn bare(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).escape_default().to_string()
}

fn out_of_time(place: &Place<'_>, error: &TlsError) -> Trouble {
    let said = match error {
        TlsError::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            format!("is valid no more, since {}", day(not_after.as_secs()))
        }
        TlsError::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            format!("is valid from {} on", day(not_before.as_secs()))
        }
        _ => "is not valid now".to_owned(),
    };
    let means = "it was not renewed in time, or one of the clocks is wrong";
    let next = format!("renew it on the server, then SELECT pg_reload_conf(); or {}", make_anew(place));
    of_certificate(place, &said, means, next)
}

fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "an unknown day".to_owned(), |at| at.to_string())
}

fn no_tls(place: &Place<'_>, asked: &Asked) -> Trouble {
    let found = format!(
        "the server at {} takes no encrypted connections, and the address asks for one (sslmode={})",
        place.at(),
        asked.mode
    );
    let means = "its setting ssl is off, or a pooler before it speaks no TLS";
    let next = format!(
        "give the server a certificate and switch ssl on; or, where nobody can listen on the way, ask for none: {}",
        correct("'URL?sslmode=disable'")
    );
    trouble(found, means, next)
}

fn no_file(place: &Place<'_>, asked: &Asked, error: &std::io::Error) -> Trouble {
    let unread = asked.files.iter().find(|(_, file)| std::fs::File::open(file).is_err());
    let which = match unread.or(asked.files.first()) {
        Some((name, file)) => format!("the file \"{file}\" ({name})"),
        None => "a file that the address names".to_owned(),
    };
    let relative = unread.map(|(_, file)| Path::new(file)).filter(|file| file.is_relative());
    let here = relative.and_then(|_| std::env::current_dir().ok());
    let found = match &here {
        Some(here) => {
            format!("{which} cannot be read in \"{}\", where the host was started: {error}", here.display())
        }
        None => format!("{which} cannot be read: {error}"),
    };
    let means = match here {
        Some(_) => format!(
            "it is needed for the encrypted connection to {}; a path that does not begin with / is sought from the directory in which each host and command is started",
            place.at()
        ),
        None => format!("it is needed for the encrypted connection to {}", place.at()),
    };
    let whole = if relative.is_some() { ", with its whole path" } else { "" };
    let next =
        format!("put it there, readable for the host's user, or name another one{whole}: {}", correct("URL"));
    trouble(found, &means, next)
}

fn other(place: &Place<'_>, asked: &Asked, said: &str) -> Trouble {
    let found =
        format!("no encrypted connection to {} could be made (sslmode={}): {said}", place.at(), asked.mode);
    let means = "the address asks for encryption in a way that the server is not set up for";
    let next = "set sslmode and sslrootcert in the address as the server is set up";
    trouble(found, means, format!("{next}: {}", correct("URL")))
}

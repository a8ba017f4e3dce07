//! TLS to a target with a certificate of its own authority.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256};
use switchover_tls::{ClientCa, ClientOptions, ServerOptions};
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority, and files made out by it.
struct Files {
    directory: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let authority = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let files = Self { directory: tempfile::tempdir().unwrap(), authority };
        std::fs::write(files.path("ca.pem"), files.authority.pem()).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `NAME.pem` and `NAME.key`.
    fn issue(&self, name: &str, host: &str, change: impl FnOnce(&mut CertificateParams)) {
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        change(&mut parameters);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = parameters.signed_by(&key, &self.authority).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn server(&self, name: &str, wants_client: bool) -> ServerOptions {
        ServerOptions {
            cert_chain_file: self.path(&format!("{name}.pem")),
            key_file: self.path(&format!("{name}.key")),
            client_ca: wants_client.then(|| ClientCa::File(self.path("ca.pem"))),
            require_client_auth: wants_client,
        }
    }

    fn trusting(&self) -> ClientOptions {
        ClientOptions { ca_file: Some(self.path("ca.pem")), ..ClientOptions::default() }
    }
}

/// Serves TLS in front of a scripted target.
async fn in_front(scripted: &Scripted, config: tokio_rustls::rustls::ServerConfig, host: &str) -> Target {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: host.to_owned(), port: listener.local_addr().unwrap().port() };
    let (acceptor, behind) = (TlsAcceptor::from(Arc::new(config)), scripted.target.authority());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let mut inner = tokio::net::TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    target
}

async fn exchange(target: Target, options: &ClientOptions) -> Result<u16, ExchangeError> {
    let connector = Arc::new(Connector::new(target, Some(options)).unwrap());
    let mut connection = Connection::new(connector, PATIENT);
    let large = "x".repeat(300_000);
    for _ in 0..2 {
        connection.exchange(&request("PUT", &large)).await?;
    }
    Ok(connection.exchange(&request("GET", "")).await?.status)
}

#[tokio::test]
async fn a_trusted_target_is_talked_to_on_one_connection() {
    let files = Files::new();
    files.issue("server", "localhost", |_| {});
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let target = in_front(&scripted, files.server("server", false).load().unwrap(), "localhost").await;
    assert_eq!(exchange(target.clone(), &files.trusting()).await.unwrap(), 200);
    assert!(scripted.seen().iter().all(|seen| seen.connection == 0));
    let anyone = ClientOptions { insecure: true, ..ClientOptions::default() };
    assert_eq!(exchange(target, &anyone).await.unwrap(), 200);
}

#[tokio::test]
async fn who_is_not_to_be_trusted_is_named_with_what_to_do() {
    let files = Files::new();
    files.issue("server", "localhost", |_| {});
    files.issue("other", "elsewhere.example", |_| {});
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let refused = async |server: &str, host: &str, options: &ClientOptions| {
        let target = in_front(&scripted, files.server(server, false).load().unwrap(), host).await;
        let authority = target.authority();
        let error = exchange(target, options).await.unwrap_err();
        assert!(matches!(&error, ExchangeError::Connect(error) if error.is_permanent()), "{error}");
        assert!(error.to_string().contains(&authority), "{error}");
        error.to_string()
    };
    let strangers = ClientOptions { ca_file: Some(Files::new().into_ca()), ..ClientOptions::default() };
    let error = refused("server", "localhost", &strangers).await;
    assert!(error.contains("CA file"), "{error}");
    let error = refused("other", "localhost", &files.trusting()).await;
    assert!(error.contains("host name"), "{error}");
    let error = refused("server", "127.0.0.1", &files.trusting()).await;
    assert!(error.contains("host name"), "{error}");
    assert!(scripted.seen().is_empty());
}

impl Files {
    /// The file of the authority alone.
    fn into_ca(self) -> PathBuf {
        let directory = self.directory.keep();
        directory.join("ca.pem")
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let files = Files::new();
    files.issue("old", "localhost", |parameters| {
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    // A server does not load such a certificate, so it is served as it lies there.
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_file(files.path("old.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(files.path("old.key")).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let target = in_front(&scripted, config, "localhost").await;
    let error = exchange(target, &files.trusting()).await.unwrap_err().to_string();
    assert!(error.contains("renew"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let files = Files::new();
    files.issue("server", "localhost", |_| {});
    files.issue("client", "capture", |_| {});
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let target = in_front(&scripted, files.server("server", true).load().unwrap(), "localhost").await;
    assert!(exchange(target.clone(), &files.trusting()).await.is_err());
    let shown = ClientOptions {
        cert_file: Some(files.path("client.pem")),
        key_file: Some(files.path("client.key")),
        ..files.trusting()
    };
    assert_eq!(exchange(target, &shown).await.unwrap(), 200);
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told() {
    let scripted = Scripted::start(|_, _| reply(200, "{}")).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target { host: "localhost".to_owned(), port: listener.local_addr().unwrap().port() };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let error = exchange(target, &Files::new().trusting()).await.unwrap_err();
    assert!(error.to_string().contains("try http://"), "{error}");
    assert!(scripted.seen().is_empty());
}

#[test]
fn the_host_header_leaves_out_the_schemes_own_port() {
    let host = |host: &str, port, tls: Option<&ClientOptions>| {
        Connector::new(Target { host: host.to_owned(), port }, tls).unwrap().host_header()
    };
    let tls = ClientOptions { insecure: true, ..ClientOptions::default() };
    for (wanted, seen) in [
        ("h:9200", host("h", 9200, None)),
        ("h", host("h", 80, None)),
        ("h:443", host("h", 443, None)),
        ("h", host("h", 443, Some(&tls))),
        ("h:80", host("h", 80, Some(&tls))),
        ("[::1]", host("::1", 443, Some(&tls))),
        ("[::1]:9200", host("::1", 9200, Some(&tls))),
    ] {
        assert_eq!(wanted, seen);
    }
}

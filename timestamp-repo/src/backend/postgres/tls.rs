//! TLS with rustls: who is trusted.
//!
//! `sslmode=prefer` (the default) takes TLS where the server offers it and asks for no proof, as libpq does. With `require`
//! and above the server's certificate must be valid for its name, by the system's authorities or those of the program.

use std::fs;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresOptions;
use super::url::Target;

/// The error is in words.
pub(super) fn connector(target: &Target, options: &PostgresOptions) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = if target.verify {
        builder.with_root_certificates(roots(target, options)?).with_no_client_auth()
    } else {
        let anybody = Arc::new(Anybody(provider));
        builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(config))
}

fn roots(target: &Target, options: &PostgresOptions) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // Where the program names its own, a system without any is no trouble.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &target.root_certificate_file {
        let pem = fs::read(path).map_err(|error| format!("`{}` can not be read: {error}", path.display()))?;
        add(&mut roots, &pem).map_err(|why| format!("`{}` {why}", path.display()))?;
    }
    if !options.root_certificates.is_empty() {
        add(&mut roots, &options.root_certificates)
            .map_err(|why| format!("what `root_certificates` was given {why}"))?;
    }
    if roots.is_empty() {
        return Err("the system trusts nobody: name the server's authority with `sslrootcert=path`".to_owned());
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), &'static str> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "is not a list of certificates in PEM")?;
        roots.add(certificate).map_err(|_| "holds a certificate that is none of an authority")?;
        found = true;
    }
    if found { Ok(()) } else { Err("holds no certificate in PEM") }
}

/// Trusts whoever answers: better than no TLS against those who only listen, and no more than `prefer` asks for.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/**
 * tls: what the program serves over HTTPS, and with which certificates. Certificates are made by a library that is loaded when the first one is made, and a
 * server makes nothing before its first connection, so that a role that nobody asks stays small. No room of the program is known here.
 */
export { CertificateFiles } from './certificate-files';
export { issueCertificate, makeAuthority, selfSignedCertificate, type KeyPair } from './certificates';
export { HttpsServer, type HttpsServerOptions } from './https-server';
export { listenError } from './listen-error';
export { SelfSignedCertificate } from './self-signed';
export { CIPHER_SUITES, CURVES, TLS_VERSIONS, type TlsSettings, type TlsVersion } from './settings';

import { createPrivateKey, randomBytes, webcrypto } from 'crypto';
import { isIP } from 'net';
import type * as X509 from '@peculiar/x509';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks of machines differ: a certificate is good a little before it was made. */
const SKEW_MS = 5 * 60_000;

/** A certificate that nobody vouches for, as servers of metrics use. @param names DNS names and IP addresses */
export async function selfSignedCertificate(commonName: string, names: readonly string[], days: number): Promise<KeyPair> {
  const x509 = library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame(days), name: `CN=${commonName}`, keys, signingAlgorithm: P256, extensions: serverExtensions(x509, names),
  });
  return { cert: certificate.toString('pem'), key: await privateKeyText(keys) };
}

/** A certificate authority. */
export async function makeAuthority(commonName: string, days: number): Promise<KeyPair> {
  const x509 = library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame(days),
    name: `CN=${commonName}, O=home-load-balancer`,
    keys,
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign + x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await privateKeyText(keys) };
}

/**
 * A server's certificate, signed by an authority that `makeAuthority` made.
 * @throws Error when the authority's key is of another kind
 */
export async function issueCertificate(authority: KeyPair, commonName: string, names: readonly string[], days: number): Promise<KeyPair> {
  const x509 = library();
  const keys = await newKeys();
  const der = createPrivateKey(authority.key).export({ format: 'der', type: 'pkcs8' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, P256, false, ['sign']);
  const issuer = new x509.X509Certificate(authority.cert);
  const certificate = await x509.X509CertificateGenerator.create({
    ...frame(days),
    subject: `CN=${commonName}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: P256,
    extensions: [...serverExtensions(x509, names), await x509.AuthorityKeyIdentifierExtension.create(issuer)],
  });
  return { cert: certificate.toString('pem'), key: await privateKeyText(keys) };
}

/** Large, and most processes never make a certificate: it is loaded by the first one that does, from a file of its own beside the program's. */
function library(): typeof X509 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./x509-library') as { x509: typeof X509 }).x509;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair;
}

async function privateKeyText({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
}

function frame(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  const serial = randomBytes(16); // RFC 5280, 4.1.2.2: positive, at most 20 octets
  serial[0] %= 0x80;
  return { serialNumber: serial.toString('hex'), notBefore: new Date(now - SKEW_MS), notAfter: new Date(now + days * DAY_MS) };
}

function serverExtensions(x509: typeof X509, names: readonly string[]): X509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
  ];
}

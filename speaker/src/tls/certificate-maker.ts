import 'reflect-metadata'; // which the library needs to be there before it
import { createPrivateKey, randomBytes, webcrypto } from 'crypto';
import { isIP } from 'net';
import { isMainThread, parentPort, workerData } from 'worker_threads';
import * as x509 from '@peculiar/x509';
import type { CertificateTask, KeyPair } from './certificates';

/*
 * Makes certificates. The library for it is large, and stays in memory once it is loaded, while a process needs a certificate or two in its life: so this is
 * a file of its own beside the program, run by a thread that ends when the certificate is made (see `certificates.ts`).
 */

const DAY_MS = 24 * 3_600_000;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks of machines differ, and are set: a certificate is good from an hour before it was made, as those that client-go makes. */
const SKEW_MS = 3_600_000;

x509.cryptoProvider.set(webcrypto as never);

export async function makeCertificate(task: CertificateTask): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair;
  const certificate = await sign(task, keys);
  return { cert: certificate.toString('pem'), key: await privateKeyText(keys) };
}

async function sign(task: CertificateTask, keys: webcrypto.CryptoKeyPair): Promise<x509.X509Certificate> {
  const { make, commonName } = task;
  switch (make) {
    case 'selfSigned':
      return x509.X509CertificateGenerator.createSelfSigned({
        ...frame(task), name: `CN=${commonName}`, keys, signingAlgorithm: P256, extensions: serverExtensions(task.names),
      });
    case 'authority':
      return x509.X509CertificateGenerator.createSelfSigned({
        ...frame(task),
        name: `CN=${commonName}, O=home-load-balancer`,
        keys,
        signingAlgorithm: P256,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign + x509.KeyUsageFlags.cRLSign, true),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
    case 'issued': {
      const der = createPrivateKey(task.authority.key).export({ format: 'der', type: 'pkcs8' });
      const issuer = new x509.X509Certificate(task.authority.cert);
      return x509.X509CertificateGenerator.create({
        ...frame(task),
        subject: `CN=${commonName}`,
        issuer: issuer.subject,
        publicKey: keys.publicKey,
        signingKey: await webcrypto.subtle.importKey('pkcs8', der, P256, false, ['sign']),
        signingAlgorithm: P256,
        extensions: [...serverExtensions(task.names), await x509.AuthorityKeyIdentifierExtension.create(issuer)],
      });
    }
  }
}

async function privateKeyText({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
}

function frame({ days, now }: CertificateTask): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const serial = randomBytes(16); // RFC 5280, 4.1.2.2: positive, at most 20 octets
  serial[0] %= 0x80;
  return { serialNumber: serial.toString('hex'), notBefore: new Date(now - SKEW_MS), notAfter: new Date(now + days * DAY_MS) };
}

function serverExtensions(names: readonly string[]): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
  ];
}

if (!isMainThread && (workerData as { certificate?: CertificateTask } | null)?.certificate) {
  // A rejection ends the thread with an error, which is what its starter listens for.
  void makeCertificate((workerData as { certificate: CertificateTask }).certificate).then((pair) => parentPort!.postMessage(pair));
}

import type { SecureContextOptions } from 'tls';

/** MetalLB's names of the versions, which are Go's. */
export const TLS_VERSIONS = ['VersionTLS12', 'VersionTLS13'] as const;
export type TlsVersion = typeof TLS_VERSIONS[number];

/** How HTTPS is spoken, as the flags `--tls-*` say it. */
export interface TlsSettings {
  /** Lowest version accepted. Default `VersionTLS13`, as in MetalLB. */
  readonly tlsMinVersion?: TlsVersion;
  /** Names of `CIPHER_SUITES`, for TLS 1.2. Default: those of Node. */
  readonly tlsCipherSuites?: readonly string[];
  /** Numbers of `CURVES` in order of preference. Default: those of Node. */
  readonly tlsCurvePreferences?: readonly number[];
}

/** IANA's names of the cipher suites (the names that Go uses, too), with OpenSSL's. */
export const CIPHER_SUITES: ReadonlyMap<string, string> = new Map([
  ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
  ['TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
]);

/** Numbers of the groups for the key exchange (IANA, TLS Supported Groups) that every OpenSSL 3 has, with OpenSSL's names. */
export const CURVES: ReadonlyMap<number, string> = new Map([[23, 'P-256'], [24, 'P-384'], [25, 'P-521'], [29, 'X25519'], [30, 'X448']]);

/** The settings in Node's words. */
export function secureContextOptions({ tlsMinVersion = 'VersionTLS13', tlsCipherSuites = [], tlsCurvePreferences = [] }: TlsSettings): SecureContextOptions {
  return {
    minVersion: tlsMinVersion === 'VersionTLS12' ? 'TLSv1.2' : 'TLSv1.3',
    // The suites of TLS 1.3 are not a choice in Go, nor here: a list for TLS 1.2 alone would leave a server of 1.3 without any.
    ...(tlsCipherSuites.length > 0 && { ciphers: [...new Set([...TLS_1_3, ...tlsCipherSuites])].map((name) => CIPHER_SUITES.get(name)!).join(':') }),
    ...(tlsCurvePreferences.length > 0 && { ecdhCurve: tlsCurvePreferences.map((number) => CURVES.get(number)!).join(':') }),
  };
}

const TLS_1_3 = [...CIPHER_SUITES.keys()].filter((name) => !name.includes('_WITH_'));

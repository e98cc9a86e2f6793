/** How to reach a server, as whom. */
export interface KubeconfigParts {
  readonly server: string;
  /** Certificate of the authority, PEM in base64. */
  readonly ca?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** A kubeconfig with one context. JSON is YAML. */
export function kubeconfigOf({ server, ca, token, tokenFile }: KubeconfigParts): string {
  return `${JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'lab', cluster: { server, 'certificate-authority-data': ca } }],
    'users': [{ name: 'lab', user: { token, tokenFile } }],
    'contexts': [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  }, null, 2)}\n`;
}

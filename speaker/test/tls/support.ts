import { request, type RequestOptions } from 'https';
import type { TLSSocket } from 'tls';

export interface SecureAnswer {
  readonly status: number;
  readonly body: string;
  /** Header `WWW-Authenticate`. */
  readonly challenge: string | undefined;
  /** The server's certificate, PEM. */
  readonly cert: string;
  readonly protocol: string | null;
}

/** Asks over a connection of its own, by default whatever the certificate is. @param body makes it a POST */
export function getSecurely(port: number, options: RequestOptions = {}, body?: string): Promise<SecureAnswer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request({ host: '127.0.0.1', port, agent: false, rejectUnauthorized: options.ca !== undefined, method, ...options }, (reply) => {
      const socket = reply.socket as TLSSocket;
      const about = { status: reply.statusCode!, challenge: reply.headers['www-authenticate'], cert: socket.getPeerX509Certificate()!.toString(), protocol: socket.getProtocol() };
      let text = '';
      reply.on('data', (chunk) => { text += chunk; }).on('end', () => resolve({ ...about, body: text }));
    });
    call.on('error', reject).end(body);
  });
}

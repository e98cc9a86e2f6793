import { KubeError, RequestSubject, statusError } from './errors';
import { TransportReply } from './transport';
import { Status } from './types';

/** The whole body. */
export async function text(reply: TransportReply): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws KubeError `BadResponse` */
export function parseJson(body: string, about: RequestSubject): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new KubeError('BadResponse', `${about.verb} ${about.resource?.plural ?? ''}: the answer is not JSON but ${JSON.stringify(body.slice(0, 120))}`, { cause });
  }
}

/** The error for an answer with a status of 400 or more. */
export function failure(reply: TransportReply, body: string, about: RequestSubject, source: string): KubeError {
  let status: Status;
  try {
    status = JSON.parse(body) as Status;
  } catch {
    status = { message: body.trim().slice(0, 300) || undefined }; // proxies and overloaded servers answer in plain text
  }
  const header = Number(reply.headers['retry-after']);
  const retryAfterMs = Number.isFinite(header) && reply.headers['retry-after'] !== undefined ? header * 1000 : retryAfter(status);
  return statusError(reply.status, status, about, source, retryAfterMs);
}

/** How long the server asks to wait, in milliseconds. */
export function retryAfter(status: Status): number | undefined {
  const seconds = status.details?.retryAfterSeconds;
  return seconds === undefined ? undefined : seconds * 1000;
}

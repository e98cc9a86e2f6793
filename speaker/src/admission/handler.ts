import type { IncomingMessage, RequestListener, ServerResponse } from 'http';
import type { ResourceKind } from '../config';
import type { Logger } from '../observability';
import type { Proposal, Verdict } from './judge';
import { PATHS } from './kinds';

/** An object of etcd has at most 1.5 MiB, and a review of an update holds two. */
const LARGEST_BODY = 8 * 1024 * 1024;
/** Reviews under way at a time; each reads the configuration. */
const MOST_REVIEWS = 32;

/** The part of `admission.k8s.io/v1` AdmissionReview that is read. */
interface Review {
  readonly request?: {
    readonly uid?: unknown;
    readonly operation?: unknown;
    readonly namespace?: unknown;
    readonly name?: unknown;
    readonly subResource?: unknown;
    readonly object?: unknown;
    readonly oldObject?: unknown;
  };
}

/** An answer that is no review: the API server takes it as a failure of the webhook, and its `failurePolicy` decides. */
class HttpError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/**
 * Answers reviews of the API server.
 * @param decide rejects when it cannot be found out, which is answered as a failure
 */
export function reviewHandler(decide: (proposal: Proposal) => Promise<Verdict>, log: Logger): RequestListener {
  let underWay = 0;
  return (request, response) => {
    void (async () => {
      try {
        const kind = PATHS.get((request.url ?? '').split('?')[0]);
        if (!kind) throw new HttpError(404, 'not found');
        if (request.method !== 'POST') throw new HttpError(405, 'send an AdmissionReview by POST');
        if (underWay >= MOST_REVIEWS) throw new HttpError(503, `${MOST_REVIEWS} reviews are under way; try again later`);
        underWay += 1;
        try {
          await review(kind, request, response, decide, log);
        } finally {
          underWay -= 1;
        }
      } catch (error) {
        const status = error instanceof HttpError ? error.status : 500;
        if (status === 500) log.warn({ error }, `a change of the configuration could not be reviewed: ${(error as Error).message}`);
        send(response, status, `${(error as Error).message}\n`, 'text/plain; charset=utf-8');
      }
    })();
  };
}

async function review(
  kind: ResourceKind, request: IncomingMessage, response: ServerResponse, decide: (proposal: Proposal) => Promise<Verdict>, log: Logger,
): Promise<void> {
  const { uid, subResource, ...rest } = (parse(await readBody(request)) as Review | null)?.request ?? {};
  if (typeof uid !== 'string') throw new HttpError(400, 'the body is no AdmissionReview: request.uid is missing');
  const proposal = proposalOf(kind, rest);
  const verdict = subResource ? { allowed: true, warnings: [] } : await decide(proposal);
  const { allowed, message, warnings } = verdict;
  if (!allowed) {
    log.info({ kind, namespace: proposal.namespace, name: proposal.name, operation: proposal.operation }, `refused a change of the configuration: ${message}`);
  }
  send(response, 200, JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(!allowed && { status: { code: 403, reason: 'Forbidden', message } }),
      ...(warnings.length > 0 && { warnings }),
    },
  }), 'application/json');
}

function proposalOf(kind: ResourceKind, { operation, namespace, name, object, oldObject }: Omit<NonNullable<Review['request']>, 'uid'>): Proposal {
  if (operation !== 'CREATE' && operation !== 'UPDATE' && operation !== 'DELETE') {
    throw new HttpError(400, `request.operation is ${JSON.stringify(operation)}; CREATE, UPDATE and DELETE are reviewed`);
  }
  return {
    kind,
    operation,
    namespace: typeof namespace === 'string' ? namespace : '',
    name: typeof name === 'string' ? name : '',
    ...(object !== null && { object }),
    ...(oldObject !== null && { oldObject }),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${(error as Error).message}`);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new HttpError(413, `a review has at most ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

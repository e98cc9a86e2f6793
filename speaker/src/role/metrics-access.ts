import { createHash } from 'crypto';
import { SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS, type KubeClient, type KubeObject } from '../kube';
import type { Access, Logger } from '../observability';

/** A yes is remembered for so long, in milliseconds: scrapes come every 15 to 60 s. */
const ALLOWED_MS = 60_000;
/** A no for so long, since somebody may just be giving the right. */
const REFUSED_MS = 10_000;
/** Tokens remembered; the oldest is forgotten for one too many. */
const LIMIT = 128;

interface TokenReview extends KubeObject {
  readonly status?: { readonly authenticated?: boolean; readonly error?: string; readonly user?: User };
}

interface User {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

interface SubjectAccessReview extends KubeObject {
  readonly status?: { readonly allowed?: boolean };
}

type Client = Pick<KubeClient, 'create'>;

/**
 * Who may read `/metrics`: whoever shows a bearer token that the API server knows (TokenReview), of a user who may `get` the non-resource URL `/metrics`
 * (SubjectAccessReview). So an RBAC rule gives the right, as for MetalLB and for the components of Kubernetes.
 */
export class MetricsAccess {
  /** By digest of the token, the oldest first. */
  private readonly known = new Map<string, { readonly access: Promise<Access>; until: number }>();

  /**
   * @param client undefined as long as there is no connection to the API server
   * @param now milliseconds on a clock that never jumps
   */
  constructor(
    private readonly client: () => Client | undefined,
    private readonly log: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param authorization the header of the request */
  async check(authorization: string | undefined): Promise<Access> {
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      return { status: 401, message: 'Unauthorized: send the token of a service account, as "Authorization: Bearer …"' };
    }
    const key = createHash('sha256').update(token).digest('base64');
    const found = this.known.get(key);
    if (found && this.now() < found.until) {
      return found.access;
    }
    const access = this.ask(token);
    const entry = { access, until: Infinity }; // who asks meanwhile waits for the same answer
    this.known.delete(key);
    this.known.set(key, entry);
    if (this.known.size > LIMIT) this.known.delete(this.known.keys().next().value!);
    const { status } = await access;
    if (status === 500) this.known.delete(key);
    else entry.until = this.now() + (status === 200 ? ALLOWED_MS : REFUSED_MS);
    return access;
  }

  private async ask(token: string): Promise<Access> {
    try {
      const client = this.client();
      if (!client) throw new Error('not connected to the API server yet');
      const review = await client.create<TokenReview>(TOKEN_REVIEWS, { spec: { token } });
      const { authenticated, user = {} } = review.status ?? {};
      if (!authenticated) return { status: 401, message: 'Unauthorized: the API server does not know the token' };
      const { username = '', uid, groups, extra } = user;
      const spec = { user: username, uid, groups, extra, nonResourceAttributes: { path: '/metrics', verb: 'get' } };
      const { status } = await client.create<SubjectAccessReview>(SUBJECT_ACCESS_REVIEWS, { spec });
      if (status?.allowed) return { status: 200, message: '' };
      return { status: 403, message: `Forbidden: ${username} may not get /metrics; bind it to a ClusterRole with nonResourceURLs ["/metrics"] and verbs ["get"]` };
    } catch (error) {
      const { message } = error as Error;
      this.log.warn({ error }, `cannot find out who may read the metrics: ${message}`);
      return { status: 500, message: `it could not be found out whether you may read this: ${message}` };
    }
  }
}

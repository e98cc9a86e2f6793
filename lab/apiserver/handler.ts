import { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { parse as parseYaml } from 'yaml';
import { discovery, VERSION } from './discovery';
import { Faults, RequestInfo } from './faults';
import { ApiError, ApiObject, badRequest, isObject, JsonObject } from './objects';
import { openapi } from './openapi';
import { jsonPatch, mergePatch, strategicPatch } from './patch';
import { Registry } from './registry';
import { ResourceType } from './resources';
import { fieldSelector, labelSelector, Predicate } from './selectors';
import { WriteContext } from './stored';
import { serveWatch } from './watch';

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** What the handler needs of the server around it. */
export interface HandlerOptions {
  readonly registry: Registry;
  readonly faults: Faults;
  readonly accepts: (token: string | undefined) => boolean;
  readonly bookmarkIntervalMs: number;
}

/** A URL taken apart. */
interface Target {
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** What the real server says, in plain text, to paths below a group or version that it does not know. */
class PageNotFound extends Error {}

/** Answers one HTTP request of either version. */
export async function handle(request: Request, response: Response, options: HandlerOptions): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://server');
    if (!options.accepts(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1])) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) return answer(response, 200, 'ok');
    if (url.pathname === '/version') return answer(response, 200, VERSION);
    const { catalog } = options.registry;
    const document = discovery(url.pathname.replace(/\/$/, ''), catalog) ?? openapi(url.pathname, catalog);
    if (document && request.method === 'GET') return answer(response, 200, document);
    await serve(request, response, url, target(url.pathname, options.registry), options);
  } catch (error) {
    if (response.headersSent) return void response.end();
    if (error instanceof PageNotFound) return answer(response, 404, '404 page not found\n');
    const known = error instanceof ApiError ? error : new ApiError(500, 'InternalError', `Internal error occurred: ${(error as Error).stack ?? String(error)}`);
    const seconds = known.details?.retryAfterSeconds as number | undefined;
    answer(response, known.code, known.toStatus(), seconds === undefined ? {} : { 'retry-after': String(seconds) });
  }
}

function answer(response: Response, status: number, body: JsonObject | string, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  (response as ServerResponse).writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

function target(path: string, registry: Registry): Target {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const unknown = () => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  const group = parts[0] === 'api' ? '' : parts[0] === 'apis' ? parts[1] : undefined;
  if (group === undefined) throw unknown();
  const [version, ...rest] = parts.slice(group === '' ? 1 : 2);
  const scoped = rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2]);
  const [plural, name, subresource] = scoped ? rest.slice(2) : rest;
  const type = registry.catalog.find(group, version, plural ?? '');
  if (!registry.catalog.all().some((served) => served.group === group && served.version === version)) throw new PageNotFound();
  if (!type || (subresource === 'status' ? !type.status : subresource !== undefined)) throw unknown();
  if (scoped !== type.namespaced && name !== undefined) throw unknown();
  return { type, namespace: scoped ? rest[1] : undefined, name, subresource };
}

function verbOf(method: string, url: URL, name: string | undefined): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(url.searchParams.get('watch'))) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST': return 'create';
    case 'PUT': return 'update';
    case 'PATCH': return 'patch';
    case 'DELETE': return name === undefined ? 'deletecollection' : 'delete';
    default: throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true';
}

async function serve(request: Request, response: Response, url: URL, wanted: Target, options: HandlerOptions): Promise<void> {
  const { type, namespace, name, subresource } = wanted;
  const { registry, faults } = options;
  const verb = verbOf(request.method ?? 'GET', url, name);
  const info: RequestInfo = { verb, group: type.group, resource: subresource ? `${type.plural}/${subresource}` : type.plural, namespace, name };
  await faults.meet(info);
  const query = url.searchParams;
  const body = ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb) ? await readBody(request) : undefined;
  const context: WriteContext = {
    manager: query.get('fieldManager') ?? String(request.headers['user-agent'] ?? 'unknown').split('/')[0].slice(0, 128),
    subresource,
    dryRun: query.get('dryRun') === 'All',
    strict: query.get('fieldValidation') === 'Strict',
  };
  switch (verb) {
    case 'get': return answer(response, 200, registry.get(type, namespace, name!));
    case 'list': return answer(response, 200, registry.list(type, {
      matches: selection(query, type, namespace),
      limit: Number(query.get('limit') ?? 0),
      continueToken: query.get('continue') ?? undefined,
      resourceVersion: query.get('resourceVersion') || undefined,
    }));
    case 'watch': return watch(response, query, wanted, options);
    case 'create': return answer(response, 201, registry.create(type, namespace, body as JsonObject, context));
    case 'update': return answer(response, 200, registry.update(type, namespace, name!, body as JsonObject, context));
    case 'patch': return patch(request, response, wanted, body, query, context, registry);
    case 'delete': {
      const deleted = registry.delete(type, namespace, name!, isObject(body) ? body.preconditions : undefined);
      return answer(response, 200, {
        kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, group: type.group || undefined, kind: type.plural, uid: deleted.metadata.uid },
      });
    }
    default: {
      const items = registry.list(type, { matches: selection(query, type, namespace), limit: 0 }).items as ApiObject[];
      for (const { metadata } of items) registry.delete(type, metadata.namespace, metadata.name);
      return answer(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
    }
  }
}

function selection(query: URLSearchParams, type: ResourceType, namespace?: string, name?: string): Predicate {
  const labels = labelSelector(query.get('labelSelector')), fields = fieldSelector(query.get('fieldSelector'), type.plural);
  return (object) => (namespace === undefined || object.metadata.namespace === namespace)
    && (name === undefined || object.metadata.name === name) && labels(object) && fields(object);
}

function watch(response: Response, query: URLSearchParams, { type, namespace, name }: Target, options: HandlerOptions): void {
  const { registry, faults, bookmarkIntervalMs } = options;
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  serveWatch(registry, type, {
    matches: selection(query, type, namespace, name),
    resourceVersion: query.get('resourceVersion') || undefined,
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutMs: (seconds > 0 ? seconds : 1800) * 1000,
    bookmarkIntervalMs,
  }, faults, () => {
    const stream = response as ServerResponse;
    stream.writeHead(200, { 'content-type': 'application/json' });
    stream.flushHeaders();
    return { write: (chunk) => stream.write(chunk), end: () => stream.end(), onClose: (callback) => stream.once('close', callback) };
  });
}

function patch(
  request: Request, response: Response, { type, namespace, name }: Target, body: unknown, query: URLSearchParams,
  context: WriteContext, registry: Registry,
): void {
  const contentType = String(request.headers['content-type'] ?? '').split(';')[0];
  const by = (change: (live: ApiObject) => unknown) => answer(response, 200, registry.patch(type, namespace, name!, change, context));
  switch (contentType) {
    case 'application/merge-patch+json': return by((live) => mergePatch(live, body));
    case 'application/json-patch+json': return by((live) => jsonPatch(live, body));
    case 'application/strategic-merge-patch+json':
      if (type.schema) break;
      return by((live) => strategicPatch(live, body, type.rules));
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+json': {
      if (!query.get('fieldManager')) throw badRequest('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch');
      const { object, created } = registry.apply(type, namespace, name!, body as JsonObject, isTrue(query.get('force')), context);
      return answer(response, created ? 201 : 200, object);
    }
  }
  throw new ApiError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - "${contentType}" is not accepted for ${type.plural}`);
}

async function readBody(request: Request): Promise<unknown> {
  if (String(request.headers['content-type'] ?? '').includes('protobuf')) {
    throw new ApiError(415, 'UnsupportedMediaType', 'this embedded API server reads JSON and YAML, no protobuf: use kubectl apply instead of kubectl create');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return String(request.headers['content-type'] ?? '').includes('yaml') ? parseYaml(text) as unknown : JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(`the body of the request cannot be read: ${(error as Error).message}`);
  }
}

import { isObject, JsonObject, same } from './objects';

/*
 * The part of the Common Expression Language (CEL) that validation rules of custom resources use: literals, field selection, has(), size(),
 * duration(), the macros all and exists, matches, startsWith, endsWith, contains, getSeconds, getMilliseconds, and all operators.
 * Anything else is refused when the rule is compiled, so that no rule is ever skipped in silence.
 */

/** A compiled expression. */
export type Expression = (variables: JsonObject) => unknown;

/** A span of time, in nanoseconds: CEL's google.protobuf.Duration. */
class Duration {
  constructor(readonly nanoseconds: bigint) {}
}

const TOKEN = /\s*(?:(\d+\.\d+|\d+)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[-+*/%!<>?:()[\].,]))/y;

type Token = { readonly kind: 'number' | 'string' | 'name' | 'operator' | 'end'; readonly text: string };

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`CEL: cannot read ${JSON.stringify(text.slice(at, at + 20))} in rule ${JSON.stringify(source)}`);
    const kind = match[1] ? 'number' : match[2] ? 'string' : match[3] ? 'name' : 'operator';
    tokens.push({ kind, text: match[0].trim() });
  }
  return [...tokens, { kind: 'end', text: '' }];
}

/** Loosest first; `in` stands with the comparisons. */
const LEVELS: readonly string[][] = [['||'], ['&&'], ['==', '!=', '<', '<=', '>', '>=', 'in'], ['+', '-'], ['*', '/', '%']];

/** @throws Error for anything outside the supported part of CEL */
export function compile(source: string): Expression {
  return new Parser(source).whole();
}

class Parser {
  private readonly tokens: Token[];
  private position = 0;

  constructor(private readonly source: string) {
    this.tokens = tokenize(source);
  }

  whole(): Expression {
    const expression = this.conditional();
    if (this.next.kind !== 'end') throw this.unexpected();
    return expression;
  }

  private get next(): Token {
    return this.tokens[this.position];
  }

  private unexpected(): Error {
    return new Error(`CEL: ${JSON.stringify(this.next.text)} is not supported here, in rule ${JSON.stringify(this.source)}`);
  }

  private accept(...texts: string[]): string | undefined {
    const token = this.next;
    if (token.kind === 'string' || !texts.includes(token.text)) return undefined;
    this.position += 1;
    return token.text;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected();
  }

  private conditional(): Expression {
    const condition = this.binary(0);
    if (!this.accept('?')) return condition;
    const yes = this.conditional();
    this.expect(':');
    const no = this.conditional();
    return (variables) => (truth(condition(variables)) ? yes(variables) : no(variables));
  }

  private binary(level: number): Expression {
    if (level === LEVELS.length) return this.unary();
    let left = this.binary(level + 1);
    for (let operator = this.accept(...LEVELS[level]); operator; operator = this.accept(...LEVELS[level])) {
      left = combine(operator, left, this.binary(level + 1));
    }
    return left;
  }

  private unary(): Expression {
    if (this.accept('!')) {
      const operand = this.unary();
      return (variables) => !truth(operand(variables));
    }
    if (this.accept('-')) {
      const operand = this.unary();
      return (variables) => -(operand(variables) as number);
    }
    return this.member(this.primary());
  }

  private member(object: Expression): Expression {
    if (this.accept('[')) {
      const index = this.conditional();
      this.expect(']');
      return this.member((variables) => (object(variables) as JsonObject)[index(variables) as string]);
    }
    if (!this.accept('.')) return object;
    const name = this.name();
    if (!this.accept('(')) {
      return this.member((variables) => {
        const value = object(variables);
        if (!isObject(value) || value[name] === undefined) throw new Error(`no such key: ${name}`);
        return value[name];
      });
    }
    return this.member(name === 'all' || name === 'exists' ? this.macro(name, object) : this.method(name, object));
  }

  private macro(name: 'all' | 'exists', list: Expression): Expression {
    const variable = this.name();
    this.expect(',');
    const body = this.conditional();
    this.expect(')');
    const holds = (variables: JsonObject) => (item: unknown) => truth(body({ ...variables, [variable]: item }));
    return (variables) => {
      const value = list(variables);
      const items = Array.isArray(value) ? value : Object.keys(value as JsonObject);
      return name === 'all' ? items.every(holds(variables)) : items.some(holds(variables));
    };
  }

  private method(name: string, object: Expression): Expression {
    const method = METHODS[name];
    if (!method) throw new Error(`CEL: the function ${name} is not supported, in rule ${JSON.stringify(this.source)}`);
    const parameters = this.list(')');
    return (variables) => method(object(variables), ...parameters.map((parameter) => parameter(variables)));
  }

  private primary(): Expression {
    const token = this.next;
    this.position += 1;
    switch (token.kind) {
      case 'number': return () => Number(token.text);
      case 'string': {
        const value = unquote(token.text);
        return () => value;
      }
      case 'name': return this.named(token.text);
      default:
        if (token.text === '[') {
          const items = this.list(']');
          return (variables) => items.map((item) => item(variables));
        }
        if (token.text === '(') {
          const inner = this.conditional();
          this.expect(')');
          return inner;
        }
        this.position -= 1;
        throw this.unexpected();
    }
  }

  private named(name: string): Expression {
    if (name === 'true' || name === 'false') return () => name === 'true';
    if (name === 'null') return () => null;
    if (!this.accept('(')) {
      return (variables) => {
        if (!(name in variables)) throw new Error(`undeclared reference to '${name}'`);
        return variables[name];
      };
    }
    if (name === 'has') return this.has();
    const call = FUNCTIONS[name];
    if (!call) throw new Error(`CEL: the function ${name} is not supported, in rule ${JSON.stringify(this.source)}`);
    const [parameter] = this.list(')');
    return (variables) => call(parameter(variables));
  }

  /** `has(a.b.c)`: whether the last field is there. */
  private has(): Expression {
    const path = [this.name()];
    while (this.accept('.')) path.push(this.name());
    this.expect(')');
    return (variables) => path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), variables) !== undefined;
  }

  private list(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.accept(end)) {
      items.push(this.conditional());
      if (this.next.text !== end) this.expect(',');
    }
    return items;
  }

  private name(): string {
    if (this.next.kind !== 'name') throw this.unexpected();
    this.position += 1;
    return this.tokens[this.position - 1].text;
  }
}

function combine(operator: string, left: Expression, right: Expression): Expression {
  // `||` and `&&` are symmetric in CEL: a side that fails does not matter when the other decides.
  if (operator === '||') return (variables) => decided(true, left, right, variables);
  if (operator === '&&') return (variables) => decided(false, left, right, variables);
  return (variables) => operate(operator, left(variables), right(variables));
}

function decided(deciding: boolean, left: Expression, right: Expression, variables: JsonObject): boolean {
  let first: boolean;
  try {
    first = truth(left(variables));
  } catch (error) {
    if (truth(right(variables)) === deciding) return deciding;
    throw error;
  }
  return first === deciding ? deciding : truth(right(variables));
}

function operate(operator: string, left: unknown, right: unknown): unknown {
  if (operator === 'in') return Array.isArray(right) ? right.some((item) => same(item, left)) : Object.hasOwn(right as JsonObject, left as string);
  const [a, b] = [plain(left), plain(right)] as [number, number];
  switch (operator) {
    case '==': return same(a, b);
    case '!=': return !same(a, b);
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    case '>=': return a >= b;
    case '+': return Array.isArray(left) ? [...left, ...right as unknown[]] : a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return Math.trunc(a / b);
    default: return a % b;
  }
}

function plain(value: unknown): unknown {
  return value instanceof Duration ? value.nanoseconds : value;
}

function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error(`expected true or false, not ${JSON.stringify(value)}`);
  return value;
}

const FUNCTIONS: Record<string, (value: unknown) => unknown> = {
  size: (value) => (typeof value === 'string' ? [...value].length : Array.isArray(value) ? value.length : Object.keys(value as JsonObject).length),
  duration: (value) => (value instanceof Duration ? value : parseDuration(value as string)),
  int: (value) => Math.trunc(Number(value)),
  string: (value) => String(value),
};

const METHODS: Record<string, (value: unknown, ...parameters: unknown[]) => unknown> = {
  size: FUNCTIONS.size,
  matches: (value, pattern) => new RegExp(pattern as string, 'u').test(value as string),
  startsWith: (value, text) => (value as string).startsWith(text as string),
  endsWith: (value, text) => (value as string).endsWith(text as string),
  contains: (value, text) => (value as string).includes(text as string),
  getSeconds: (value) => Number((value as Duration).nanoseconds / 1_000_000_000n),
  // Like the real one: of the whole span, not of the part below a second.
  getMilliseconds: (value) => Number((value as Duration).nanoseconds / 1_000_000n),
};

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** As Go's time.ParseDuration: `1h30m`, `1.5s`, `0`. */
function parseDuration(text: string): Duration {
  const match = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) throw new Error(`invalid duration ${JSON.stringify(text)}`);
  let total = 0n;
  for (const [, amount, unit] of match[2].matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) total += BigInt(Math.round(Number(amount) * UNITS[unit]));
  return new Duration(match[1] === '-' ? -total : total);
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);
}

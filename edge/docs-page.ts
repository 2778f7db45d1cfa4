type Schema = Readonly<Record<string, unknown>>;
type Parameter = { name: string; in: string; required?: boolean; schema: Schema };
type Media = Readonly<Record<string, { schema?: Schema }>>;
type Told = { description?: string; content?: Media };

/** What the page reads of an OpenAPI document. */
type Document = {
  info: { title: string; summary: string };
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: {
    schemas: Readonly<Record<string, Schema>>;
    parameters: Readonly<Record<string, Parameter & { description: string }>>;
    responses: Readonly<Record<string, Told>>;
  };
};
type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  parameters: readonly (Parameter | { $ref: string })[];
  requestBody?: { content: Media };
  responses: Readonly<Record<string, Told | { $ref: string }>>;
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => ENTITIES[c] as string);

const lastOf = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1);

/** A schema in a few words, with a link where it has a name. */
function typeOf(schema: Schema): string {
  const { $ref, type, items, anyOf, enum: values, default: usual } = schema;
  if (typeof $ref === 'string') return `<a href="#${escaped(lastOf($ref))}">${escaped(lastOf($ref))}</a>`;
  const among = (anyOf as Schema[] | undefined)?.map(typeOf).join(' or ');
  const listed = (values as unknown[] | undefined)?.map((value) => JSON.stringify(value)).join(', ');
  const plain =
    among ?? (items ? `list of ${typeOf(items as Schema)}` : escaped(listed ?? String(type ?? 'any')));
  return usual === undefined || usual === null
    ? plain
    : `${plain}, usually ${escaped(JSON.stringify(usual))}`;
}

function contentOf(content: Media | undefined): string {
  return Object.entries(content ?? {})
    .map(([type, { schema }]) => `<code>${escaped(type)}</code>${schema ? `: ${typeOf(schema)}` : ''}`)
    .join('<br>');
}

/** An HTML page of a document: no script, nothing loaded, and nothing that was not escaped. */
export function docsPage({ info, paths, components }: Document): string {
  const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;

  function operation(method: string, path: string, told: Operation): string {
    const parameters = told.parameters
      .map((one) => ('$ref' in one ? (components.parameters[lastOf(one.$ref)] as Parameter) : one))
      .map((one) => row([`<code>${escaped(one.name)}</code>`, escaped(one.in), typeOf(one.schema)]));
    const responses = Object.entries(told.responses).map(([status, one]) => {
      const { description = '', content } =
        '$ref' in one ? (components.responses[lastOf(one.$ref)] as Told) : one;
      return row([escaped(status), escaped(description), contentOf(content)]);
    });
    return `<section id="${escaped(told.operationId)}">
<h3><code>${escaped(method.toUpperCase())} ${escaped(path)}</code></h3>
<p>${escaped(told.summary)}. ${escaped(told.description ?? 'Nobody needs a token for it.')}</p>
${told.requestBody ? `<p>Body: ${contentOf(told.requestBody.content)}</p>` : ''}
${parameters.length ? `<table>${parameters.join('')}</table>` : ''}
<table>${responses.join('')}</table>
</section>`;
  }

  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, told]) => ({ method, path, told })),
  );
  const tags = [...new Set(operations.flatMap(({ told }) => told.tags))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ told }) => told.tags.includes(tag));
    return `<h2>${escaped(tag)}</h2>${own.map(({ method, path, told }) => operation(method, path, told)).join('')}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<section id="${escaped(name)}"><h3>${escaped(name)}</h3><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></section>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}: the API</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: .5rem 0; width: 100% }
td { border-top: 1px solid #ddd; padding: .25rem .75rem .25rem 0; vertical-align: top }
pre { background: #f4f4f4; padding: .75rem; overflow: auto; max-height: 24rem }
section { margin: 1.5rem 0 }
</style>
<h1>${escaped(info.title)}</h1>
<p>${escaped(info.summary)}. The same as <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join('\n')}
<h2>Shapes</h2>
${schemas.join('\n')}
</html>
`;
}

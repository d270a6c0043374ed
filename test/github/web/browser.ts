/** A page as a person has it in front of them. */
export interface Page {
  /** Where the browser stands after every redirect. */
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** The first form of the page; null: it has none. */
  readonly form: PageForm | null;
}

export interface PageForm {
  readonly action: string;
  readonly method: "get" | "post";
  readonly fields: Readonly<Record<string, string>>;
}

/** Someone at a browser: it follows redirects and sends its cookie to GitHub alone. */
export interface Browser {
  open(url: string): Promise<Page>;
  /** Sends the form of a page, with some of its fields filled in otherwise. */
  submit(page: Page, fields?: Readonly<Record<string, string>>): Promise<Page>;
}

const mostRedirects = 10;

export function openBrowser(origin: string, cookie: string): Browser {
  const load = async (url: string, init: RequestInit, redirects = 0): Promise<Page> => {
    const headers = new URL(url).origin === origin ? { cookie } : {};
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (redirects >= mostRedirects) throw new Error(`Too many redirects, the last to ${location}`);
      return load(new URL(location, url).href, {}, redirects + 1);
    }
    const html = await response.text();
    return { url, status: response.status, html, form: parseForm(html, url) };
  };
  return {
    open: (url) => load(url, {}),
    submit: (page, fields = {}) => {
      if (page.form === null) throw new Error(`The page ${page.url} has no form:\n${page.html}`);
      const body = new URLSearchParams({ ...page.form.fields, ...fields });
      return page.form.method === "post"
        ? load(page.form.action, { method: "POST", body })
        : load(`${page.form.action}?${body}`, {});
    },
  };
}

function parseForm(html: string, url: string): PageForm | null {
  const start = html.search(/<form\b/i);
  if (start === -1) return null;
  const end = html.indexOf("</form>", start);
  const form = html.slice(start, end === -1 ? undefined : end);
  const [opening = "", ...tags] = form.match(/<(?:form|input|textarea)\b[^>]*>/gi) ?? [];
  const fields = tags.flatMap((tag) => {
    const name = readAttribute(tag, "name");
    return name === null ? [] : [[name, readAttribute(tag, "value") ?? ""] as const];
  });
  return {
    action: new URL(readAttribute(opening, "action") ?? "", url).href,
    method: readAttribute(opening, "method")?.toLowerCase() === "post" ? "post" : "get",
    fields: Object.fromEntries(fields),
  };
}

function readAttribute(tag: string, name: string): string | null {
  for (const [, key, double, single, bare] of tag.matchAll(
    /\s([\w-]+)=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g,
  )) {
    if (key?.toLowerCase() === name) return unescapeHtml(double ?? single ?? bare ?? "");
  }
  return null;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return entities[name] ?? whole;
  });
}

import type { Answer } from "../http/answer.ts";

export interface FormField {
  readonly name: string;
  readonly value: string;
  readonly type: "hidden" | "text";
}

/** A page of github.com with one form, as far as a test that fills it in is concerned. */
export function formPage(
  title: string,
  form: { readonly action: string; readonly button: string; readonly fields: readonly FormField[] },
): Answer {
  const inputs = form.fields.map(
    ({ name, value, type }) =>
      `<input type="${type}" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return htmlAnswer(
    200,
    title,
    `<form action="${escapeHtml(form.action)}" method="post">${inputs.join("")}<button>${escapeHtml(form.button)}</button></form>`,
  );
}

export function textPage(status: number, title: string, sentences: readonly string[]): Answer {
  return htmlAnswer(status, title, sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join(""));
}

export function redirect(location: string): Answer {
  return { status: 302, headers: { location }, body: "" };
}

function htmlAnswer(status: number, title: string, content: string): Answer {
  const name = escapeHtml(title);
  return {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: `<!doctype html><title>${name}</title><h1>${name}</h1>${content}`,
  };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

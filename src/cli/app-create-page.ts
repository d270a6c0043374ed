/** The page that posts the manifest: GitHub takes it only from a form in a person's browser. */
export function renderCreatePage(formUrl: string, manifest: object): string {
  return renderPage(
    "Create the GitHub App",
    `<p>GitHub shows the App's name, which you may change there, and asks you to confirm. The permissions and events are filled in.</p>
<form action="${escapeHtml(formUrl)}" method="post">
<input type="hidden" name="manifest" value="${escapeHtml(JSON.stringify(manifest))}">
<button type="submit">Create the App on GitHub</button>
</form>`,
  );
}

/** A page of one sentence. */
export function renderMessagePage(title: string, sentence: string): string {
  return renderPage(title, `<p>${escapeHtml(sentence)}</p>`);
}

function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>PulumiScale: ${escapeHtml(title)}</title></head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

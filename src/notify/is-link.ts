/** An address as a run's page has one: nothing in it ends a link of any target. */
export function isLink(url: string | null): url is string {
  return url !== null && /^https?:\/\/[^\s()<>[\]|"'`\p{Cc}]{1,300}$/u.test(url);
}

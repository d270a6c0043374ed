/**
 * Something that whoever approves a plan should know: a `risk` may go wrong, a `note` explains. `subject` is what it is of, and
 * `numbers` are those that the sentence is made of, for programs: counts as they are, quantities as Kubernetes writes them.
 */
export type Finding = {
  kind: "risk" | "note";
  code: string;
  subject: string;
  message: string;
  numbers: Readonly<Record<string, number | string>>;
};

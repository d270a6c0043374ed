/** One thing that was looked at. `message` says what is wrong, `fix` what to do; both are empty where all is well. */
export type DoctorFinding = {
  check: string;
  subject: string;
  state: "good" | "warning" | "problem" | "unknown";
  message: string;
  fix: string;
};

export function good(check: string, subject: string): DoctorFinding {
  return { check, subject, state: "good", message: "", fix: "" };
}

export function warning(check: string, subject: string, message: string, fix: string): DoctorFinding {
  return { check, subject, state: "warning", message, fix };
}

export function problem(check: string, subject: string, message: string, fix: string): DoctorFinding {
  return { check, subject, state: "problem", message, fix };
}

/** Whoever asked may not see it: it may be well or not. */
export function unknown(check: string, subject: string, why: string, fix: string): DoctorFinding {
  return { check, subject, state: "unknown", message: why, fix };
}

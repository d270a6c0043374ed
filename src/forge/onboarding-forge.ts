import type { RepositoryName } from "../domain/repository-name.ts";

/** The branch of the pull request that greets a repository. */
export const ONBOARDING_BRANCH = "configure-pulumiscale";

/** What is seen of a repository that the App is new to. */
export type OnboardingSight = {
  /** GitHub's number of the repository, which stays where it gets another name. */
  repositoryNumber: string;
  /** Its page, for links. */
  htmlUrl: string;
  defaultBranch: string;
  headOid: string;
  /** Its Pulumi programs: the folder (`.` is the root), and the text of `Pulumi.yaml`. */
  programs: readonly { dir: string; text: string }[];
  /** Every `Pulumi.<stack>.yaml` there is. */
  stackFiles: readonly string[];
};

export type OnboardingDraft = {
  path: string;
  text: string;
  title: string;
  /** The commit's message below its first line, which is the title. */
  message: string;
  body: string;
};

/** What greeting a repository needs of GitHub. Every method throws `ForgeError` when it could not do its work. */
export interface OnboardingForge {
  /** Null where there is nothing to do: no program, a repository file, or a pull request of that branch, open or closed. */
  readSight(name: RepositoryName): Promise<OnboardingSight | null>;
  /** Opens the pull request; finishes it where a process that was killed has left its branch. Answers its number. */
  openOnboarding(name: RepositoryName, sight: OnboardingSight, draft: OnboardingDraft): Promise<number>;
}

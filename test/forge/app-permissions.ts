export { APP_EVENTS, APP_PERMISSIONS } from "../../src/forge/app-manifest.ts";

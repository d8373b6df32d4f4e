import { render } from "preact";
import { App } from "./app";
import { startPlaces } from "./state/place";
import { applyTheme } from "./state/settings";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/table.css";
import "./style/pages.css";
import "./style/task.css";
import "./style/schedules.css";
import "./style/runs.css";
import "./style/scans.css";
import "./style/diff.css";

applyTheme();
startPlaces(); // before the router hears of anything
render(<App />, document.getElementById("app")!);

// Every page works without this; it makes times local, keys quick and dangerous buttons ask first.
import "./times.js";
import "./forms.js";
import "./pictures.js";
import "./keys.js";
import "./acts.js";
import "./replay.js";
import "./steps.js";
import "./tabs.js";

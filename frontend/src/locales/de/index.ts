import auth from "./auth.json";
import chat from "./chat.json";
import common from "./common.json";
import conversations from "./conversations.json";
import errors from "./errors.json";
import palette from "./palette.json";
import settings from "./settings.json";

export default { auth, chat, common, conversations, errors, palette, settings };

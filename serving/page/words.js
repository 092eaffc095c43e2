// What the page says, in Chinese and English.

const WORDS = {
  en: {
    skip: "Skip to the content", base: "Base", views: "Views",
    chat: "Chat", documents: "Documents", search: "Search", graph: "Graph", state: "Status",
    other: "中文", theme: "Dark or light", newChat: "New conversation", history: "Conversations",
    noHistory: "No conversations yet.", forget: "Forget this conversation",
    ask: "Ask a question", send: "Send", stop: "Stop", stopped: "Stopped.",
    you: "You", answer: "Answer", hint: "Enter sends, Shift+Enter breaks the line.",
    welcome: "Ask about the documents of this base. Every statement of an answer points at its evidence.",
    evidence: "Evidence", passage: "Passage", fact: "Fact", sources: "Sources", close: "Close",
    foundBy: "Found by", score: "score", page: "page", openDocument: "Open in the document",
    evidenceCount: (n) => `Evidence (${n})`, unsupported: "No cited evidence carries this sentence",
    supported: "supported by the evidence", notSupported: "not supported by the evidence",
    declined: "Declined", trace: "Trace", pictured: "Facts", calls: "Calls", notes: "Notes",
    engine: "answered by", extractive: "quotes evidence; no language model, not ChatGLM3",
    good: "Good answer", bad: "Bad answer", thanks: "Thank you. It is kept with the answer.",
    comment: "What was wrong? (may be left empty)", approve: "Approve", reject: "Reject",
    waits: "This call waits for you", searching: "Searching …", writing: "Writing …",
    step: { call: "call", observation: "result", reply: "reply" }, found: "found", thin: "too thin",
    sufficient: "sufficient", seconds: "s", total: "total", retrieval: "search", model: "model",
    tools: "tools", filter: "Filter by name or title", upload: "Add files",
    drop: "Drop files here, or choose them", choose: "Choose files",
    sending: (p) => `sending ${p} %`, reading: "reading …", added: "added", updated: "updated",
    unchanged: "unchanged", refused: "refused", title: "Title", size: "Characters",
    passages: "Passages", facts: "Facts", more: "More", noDocuments: "No documents.",
    remove: "Delete", removeTitle: (name) => `Delete ${name}?`,
    removal: (p, f, k) => `${p} passages go, and ${f} facts that nothing else says; ${k} facts stay.`,
    fileGoes: "The uploaded file goes too.", removed: "Deleted.", cancel: "Cancel", text: "Text",
    query: "Question", mode: "Mode", count: "Passages", run: "Search", ranking: "Ranking",
    rank: "Rank", nothing: "Nothing was found.", took: (t) => `${t} s`,
    entity: "Entity", show: "Show", hops: "Steps", best: "Best connected", from: "From", to: "To",
    connect: "Connect", noPath: "No chain of facts joins them.", unknown: "Not known.",
    near: "Perhaps:", cut: "Not all facts are shown.", says: "says so",
    health: "Server", running: "turns run", waiting: "turns wait", who: "You are",
    scopes: "scopes", labels: "labels", everything: "everything", entities: "entities",
    embeddings: "embeddings", noChinese: "The embedding model does not read Chinese; BM25 does.",
    keyNeeded: "This server needs a key", key: "Key", signIn: "Use this key", signOut: "Forget the key",
    settings: "Settings", failed: "That failed:", graphOf: "Graph of the facts", yes: "yes",
    sourceOf: (n) => `Evidence ${n}`, loading: "Loading …", copy: "Copy", copied: "Copied.",
  },
  zh: {
    skip: "跳到内容", base: "知识库", views: "页面",
    chat: "对话", documents: "文档", search: "检索", graph: "图谱", state: "状态",
    other: "English", theme: "深色或浅色", newChat: "新对话", history: "历史对话",
    noHistory: "还没有对话。", forget: "删除这段对话",
    ask: "输入问题", send: "发送", stop: "停止", stopped: "已停止。",
    you: "您", answer: "回答", hint: "回车发送，Shift+回车换行。",
    welcome: "向这个知识库的文档提问。回答中的每句话都指向它的依据。",
    evidence: "依据", passage: "段落", fact: "事实", sources: "出处", close: "关闭",
    foundBy: "检索方式", score: "得分", page: "页", openDocument: "在文档中查看",
    evidenceCount: (n) => `依据（${n}）`, unsupported: "所引依据不支持这句话",
    supported: "依据支持", notSupported: "依据不支持",
    declined: "未作答", trace: "过程", pictured: "事实图", calls: "函数调用", notes: "说明",
    engine: "作答者", extractive: "只摘引依据，不是语言模型，不是 ChatGLM3",
    good: "回答得好", bad: "回答不好", thanks: "谢谢，评价已与回答一起保存。",
    comment: "哪里不对？（可不填）", approve: "批准", reject: "拒绝",
    waits: "这个调用等您决定", searching: "检索中……", writing: "书写中……",
    step: { call: "调用", observation: "结果", reply: "回复" }, found: "找到", thin: "不足",
    sufficient: "足够", seconds: "秒", total: "总计", retrieval: "检索", model: "模型",
    tools: "工具", filter: "按名称或标题筛选", upload: "添加文件",
    drop: "把文件拖到这里，或选择文件", choose: "选择文件",
    sending: (p) => `发送 ${p} %`, reading: "读取中……", added: "已添加", updated: "已更新",
    unchanged: "未变化", refused: "被拒绝", title: "标题", size: "字符",
    passages: "段落", facts: "事实", more: "更多", noDocuments: "没有文档。",
    remove: "删除", removeTitle: (name) => `删除 ${name}？`,
    removal: (p, f, k) => `将删去 ${p} 个段落和 ${f} 个没有其他出处的事实；${k} 个事实保留。`,
    fileGoes: "上传的文件也一并删除。", removed: "已删除。", cancel: "取消", text: "正文",
    query: "问题", mode: "方式", count: "段落数", run: "检索", ranking: "排序",
    rank: "名次", nothing: "什么也没找到。", took: (t) => `${t} 秒`,
    entity: "实体", show: "显示", hops: "步数", best: "联系最多", from: "从", to: "到",
    connect: "连接", noPath: "没有事实把两者连起来。", unknown: "没有这个实体。",
    near: "也许是：", cut: "没有显示全部事实。", says: "有此说法",
    health: "服务器", running: "个回合在运行", waiting: "个回合在等待", who: "您的身份",
    scopes: "权限", labels: "标签", everything: "全部", entities: "实体",
    embeddings: "嵌入模型", noChinese: "嵌入模型不懂中文，中文由 BM25 检索。",
    keyNeeded: "这台服务器需要密钥", key: "密钥", signIn: "使用这个密钥", signOut: "忘记密钥",
    settings: "设置", failed: "失败：", graphOf: "事实图", yes: "是",
    sourceOf: (n) => `依据 ${n}`, loading: "加载中……", copy: "复制", copied: "已复制。",
  },
};

const KEY = "groundglm-language";

function first() {
  const asked = new URLSearchParams(location.search).get("lang");
  const known = asked || localStorage.getItem(KEY) || navigator.language || "en";
  return known.toLowerCase().startsWith("zh") ? "zh" : "en";
}

let current = first();

export const language = () => current;

export function setLanguage(next) {
  current = next;
  localStorage.setItem(KEY, next);
}

/** A word of the page, or a function that makes one. */
export function w(name) {
  return WORDS[current][name];
}

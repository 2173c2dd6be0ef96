// The one policy of Trusted Types. htmx hands pieces of the node's own pages to the parser; they
// never bring code. Whatever does is refused, and shows nothing.
"use strict";
(() => {
  // Nothing of a page stays in the browser, whichever script would like to keep something.
  Storage.prototype.setItem = () => {
    throw new DOMException("the desk keeps nothing in the browser", "SecurityError");
  };
  if (!window.trustedTypes) return;
  const code = /<\s*(script|iframe|object|embed|base|meta|link|style|svg[^>]*\son)|\son[a-z]+\s*=|javascript:|srcdoc/i;
  window.trustedTypes.createPolicy("default", {
    createHTML: (text) => {
      if (code.test(text)) throw new TypeError("a piece of a page brings code");
      return text;
    },
  });
})();

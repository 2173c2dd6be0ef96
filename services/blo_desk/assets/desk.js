// What the pages do beyond HTML: passkeys, and drafts that save themselves. All else is HTML alone.
"use strict";
(() => {
  const toText = (buffer) => {
    const bytes = new Uint8Array(buffer);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  const secret = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

  const challenge = async (path) => {
    const answer = await fetch(path, { method: "POST", headers: { "blo-csrf": secret() } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const fill = (form, fields) => {
    for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
  };

  const logIn = async (form) => {
    const asked = await challenge("/v1/login/challenge");
    const made = await navigator.credentials.get({
      publicKey: {
        challenge: toBytes(asked.challenge),
        rpId: asked.rp_id,
        userVerification: "required",
      },
    });
    fill(form, {
      ticket: asked.ticket,
      credential: toText(made.rawId),
      authenticator_data: toText(made.response.authenticatorData),
      client_data: toText(made.response.clientDataJSON),
      signature: toText(made.response.signature),
    });
  };

  const makeNew = async (form) => {
    const asked = await challenge("/v1/account/passkeys/challenge");
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: toBytes(asked.challenge),
        rp: { id: asked.rp_id, name: document.title },
        user: {
          id: new TextEncoder().encode(form.dataset.person),
          name: form.dataset.person,
          displayName: form.dataset.name,
        },
        pubKeyCredParams: [
          { type: "public-key", alg: -7 },
          { type: "public-key", alg: -8 },
          { type: "public-key", alg: -257 },
        ],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
      },
    });
    fill(form, {
      ticket: asked.ticket,
      credential: toText(made.rawId),
      attestation: toText(made.response.attestationObject),
      client_data: toText(made.response.clientDataJSON),
    });
  };

  const approve = async (form) => {
    const made = await navigator.credentials.get({
      publicKey: {
        challenge: toBytes(form.dataset.challenge),
        rpId: form.dataset.party,
        userVerification: "required",
      },
    });
    fill(form, {
      credential: toText(made.rawId),
      authenticator_data: toText(made.response.authenticatorData),
      client_data: toText(made.response.clientDataJSON),
      signature: toText(made.response.signature),
    });
  };

  const ways = { login: logIn, new: makeNew, approve };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-failed]");
      failed.hidden = true;
      try {
        await ways[form.dataset.passkey](form);
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  }

  // Drafts: saved a moment after the last change; the page says when, and when it could not.
  const draft = document.querySelector("form[data-autosave]");
  if (draft) {
    let timer = 0;
    let composing = false;
    const saved = () => document.getElementById("saved");
    const save = () => {
      if (composing) return;
      window.htmx.ajax("POST", draft.dataset.autosave, {
        source: draft,
        target: "#saved",
        swap: "outerHTML",
      });
    };
    draft.addEventListener("compositionstart", () => { composing = true; });
    draft.addEventListener("compositionend", () => { composing = false; });
    draft.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, 1500);
    });
    draft.addEventListener("submit", () => clearTimeout(timer));
    const failed = () => {
      const note = document.createElement("strong");
      note.className = "late";
      note.textContent = draft.dataset.unsaved;
      saved().querySelectorAll("strong").forEach((old) => old.remove());
      saved().append(" ", note);
      clearTimeout(timer);
      timer = setTimeout(save, 5000);
    };
    draft.addEventListener("htmx:sendError", failed);
    draft.addEventListener("htmx:responseError", failed);
  }

  // The board: says when something has changed, and moves nothing under somebody's hand.
  const live = document.querySelector("[data-live]");
  if (live) {
    const news = document.getElementById("news");
    const cut = document.getElementById("cut");
    const stream = new EventSource(live.dataset.live);
    stream.addEventListener("change", () => { news.hidden = false; });
    stream.addEventListener("open", () => { cut.hidden = true; });
    stream.addEventListener("error", () => { cut.hidden = false; });
    addEventListener("pagehide", () => stream.close());
  }

  // htmx sends the secret of the session with what changes something.
  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["blo-csrf"] = secret();
  });
})();

"use strict";
// The page's own script. Whatever comes from the gallery is put in as text, never as HTML.
(() => {
  const byId = (id) => document.getElementById(id);
  const parsed = (id) => JSON.parse(byId(id).textContent);
  const facts = parsed("facts");

  /** Columns of values as a list of records. */
  const records = (columns) => {
    const names = Object.keys(columns);
    const length = names.length ? columns[names[0]].length : 0;
    return Array.from({ length }, (_, row) => Object.fromEntries(names.map((name) => [name, columns[name][row]])));
  };
  const word = (number) => (number === null ? "" : facts.names[number]);
  const photos = records(facts.photos);
  const faces = records(facts.faces);
  photos.forEach((photo, place) => 
    Object.assign(photo, { place, short: photo.path.slice(facts.folder.length), faces: [], waits: 0, kept: 0, blurred: 0 }),
  );
  for (const face of faces) {
    const photo = photos[face.photo];
    Object.assign(face, { path: photo.path, who: word(face.name), ruled: word(face.rule), reason: word(face.reason) });
    face.decision = face.kept ? "keep" : "blur";
    face.text = `${face.path}\n${face.who}\n${face.reason}`.toLowerCase();
    photo.faces.push(face);
    photo.waits += face.waits;
    photo[face.kept ? "kept" : "blurred"] += 1;
  }
  for (const photo of photos) {
    photo.text = [photo.path, ...photo.faces.map((face) => face.who)].join("\n").toLowerCase();
    photo.review = photo.waits > 0 || photo.failed || !photo.faces.length;
  }

  /** An element with attributes and children; a child that is a string becomes text. */
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const name = (text) => element("bdi", {}, text);
  const distance = (value) => (value === null ? "–" : value < 10 ? value.toFixed(3) : value.toFixed(1));
  const against = (value, limit) =>
    value === null ? "–" : `${distance(value)} ${value <= limit ? "≤" : ">"} ${distance(limit)}`;
  const counted = (number, one) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;
  const kind = (face) => (face.kept ? "kept" : face.waits ? "waits" : "blurred");
  const verdict = (face) => ({ kept: "kept", blurred: "blurred", waits: "blurred, to review" })[kind(face)];

  /** Pictures of a photo; its block is decoded when it is first asked for. */
  const blocks = new Map();
  const pictures = (place) => {
    const block = Math.floor(place / facts.block);
    if (!blocks.has(block)) blocks.set(block, parsed(`pictures-${block}`));
    return blocks.get(block)[place % facts.block];
  };

  // The scores of a face, beside its box.
  const tip = byId("tip");
  let described = null;
  let pinned = false;
  let closing = 0;
  const scored = (face) =>
    face.score === null ? "–" : facts.scoreLimit === null ? face.score.toFixed(2) :
    `${face.score.toFixed(2)} ${face.score >= facts.scoreLimit ? "≥" : "<"} ${facts.scoreLimit.toFixed(2)}`;
  const scores = (face) => {
    const list = element("dl");
    const line = (title, value) => list.append(element("div", {}, element("dt", {}, title), element("dd", {}, value)));
    line("face", `${face.number}, ${verdict(face)}`);
    line("closest", face.who ? name(face.who) : "nobody");
    line("cosine", against(face.cosine, face.cosineLimit));
    line("Euclidean", against(face.euclidean, face.euclideanLimit));
    line("score", scored(face));
    if (face.other !== null) line("next", element("span", {}, name(word(face.other)), `, ${distance(face.margin)} farther`));
    line("rule", face.ruled);
    line("reason", element("bdi", {}, face.reason));
    line("size", `${Math.min(face.box[2], face.box[3])} pixels, sharpness ${face.sharpness ?? "–"}`);
    if (face.residual !== null) line("left", `${distance(face.residual)} from the face, in the output`);
    return list;
  };
  const place = () => {
    const around = described.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = tip;
    const room = { across: document.documentElement.clientWidth, down: window.innerHeight };
    const left = Math.max(8, Math.min(around.left, room.across - width - 8));
    const below = around.bottom + 8;
    const above = around.top - height - 8;
    const top = below + height <= room.down || above < 0 ? Math.min(below, room.down - height - 8) : above;
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  };
  const hide = () => {
    clearTimeout(closing);
    if (described) described.removeAttribute("aria-describedby");
    described = null;
    pinned = false;
    tip.hidden = true;
  };
  const show = (box, face) => {
    clearTimeout(closing);
    if (described !== box) {
      hide();
      described = box;
      tip.replaceChildren(scores(face));
    }
    tip.hidden = false;
    box.setAttribute("aria-describedby", "tip");
    place();
  };
  const hideSoon = () => {
    clearTimeout(closing);
    closing = setTimeout(() => pinned || (described && described === document.activeElement) || hide(), 150);
  };
  tip.addEventListener("pointerenter", () => clearTimeout(closing));
  tip.addEventListener("pointerleave", hideSoon);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  document.addEventListener("pointerdown", (event) => {
    if (!tip.contains(event.target) && !event.target.closest(".box")) hide();
  });
  window.addEventListener("scroll", () => described && place(), { passive: true });
  window.addEventListener("resize", () => described && place());

  const boxOf = (face, [width, height]) => {
    const [x, y, across, down] = face.box;
    const label = [`Face ${face.number}: ${verdict(face)}`, face.who, face.cosine === null ? "" : `cosine ${distance(face.cosine)}`];
    const box = element(
      "button",
      { type: "button", class: `box ${kind(face)}${y / height < 0.12 ? " inside" : ""}`, "aria-label": label.filter(Boolean).join(", ") },
      element("span", { "aria-hidden": "true" }, String(face.number)),
    );
    const share = (part, whole) => `${((100 * part) / whole).toFixed(3)}%`;
    Object.assign(box.style, {
      left: share(x, width), top: share(y, height), width: share(across, width), height: share(down, height),
    });
    box.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(box, face));
    box.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
    box.addEventListener("focus", () => show(box, face));
    box.addEventListener("blur", hideSoon);
    box.addEventListener("click", () => {
      const again = described === box && pinned;
      if (again) return hide();
      show(box, face);
      pinned = true;
    });
    return box;
  };

  const figureOf = (photo, which, uri, title) => {
    const frame = element("div", { class: "frame" });
    if (uri) {
      const alt = `${which ? "The original" : "The output"} of ${photo.path}, ${counted(photo.kept, "face")} kept, ${photo.blurred} blurred`;
      const image = element("img", { loading: "lazy", decoding: "async", alt });
      if (photo.size) Object.assign(image, { width: photo.size[0], height: photo.size[1] });
      image.src = uri;
      frame.append(image);
      if (photo.size) frame.append(...photo.faces.map((face) => boxOf(face, photo.size)));
    } else {
      frame.append(element("p", {}, photo.instead[which]));
    }
    const figure = element("figure", {}, frame);
    if (title) figure.prepend(element("figcaption", {}, title));
    return figure;
  };

  const stateOf = (photo) => {
    const parts = [];
    if (photo.failed) parts.push(photo.status);
    else parts.push(photo.faces.length ? `${photo.kept} kept, ${photo.blurred} blurred` : "no face found");
    if (photo.waits) parts.push(`${photo.waits} to review`);
    if (photo.earlier !== null) parts.push(`done before, in run ${photo.earlier}`);
    if (photo.verified) parts.push(photo.verified === "full" ? "verified in full" : "verified");
    return parts.join(" · ");
  };

  const lineOf = (face) =>
    element(
      "li",
      { value: face.number },
      element("span", { class: `${kind(face)}-word` }, verdict(face)),
      ...(face.who ? [" · ", name(face.who), face.ruled === "matches" ? "" : "?"] : []),
      ...(face.cosine === null ? [] : [` · ${against(face.cosine, face.cosineLimit)}`]),
      ...(face.ruled === "matches" ? [] : [" · ", element("span", { class: "quiet" }, face.ruled)]),
    );

  const cardOf = (photo) => {
    const id = `photo-${photo.place + 1}`;
    const card = element("article", { id, "aria-labelledby": `${id}-title` });
    card.append(element("h3", { id: `${id}-title`, tabindex: "-1" }, name(photo.short)));
    card.append(element("p", { class: "quiet" }, stateOf(photo)));
    if (photo.error) card.append(element("p", { class: "error" }, photo.error));
    const [after, before] = pictures(photo.place);
    const both = photo.instead.length > 1;
    const shown = element("div", { class: "pictures" });
    if (both) shown.append(figureOf(photo, 1, before, "before"));
    shown.append(figureOf(photo, 0, after, both ? "after" : ""));
    card.append(shown);
    for (const remark of photo.remarks) card.append(element("p", { class: "quiet" }, remark));
    if (photo.faces.length) card.append(element("ol", { class: "found" }, ...photo.faces.map(lineOf)));
    return card;
  };

  /** A list of which a page is shown at a time. */
  const paged = (of, one, chosen, draw) => {
    const back = byId(`${of}-back`);
    const on = byId(`${of}-on`);
    let page = 0;
    const update = (start = 0) => {
      hide();
      const found = chosen();
      const size = Number(byId(`${of}-size`).value) || Math.max(1, found.length);
      const last = Math.max(0, Math.ceil(found.length / size) - 1);
      page = Math.max(0, Math.min(start, last));
      draw(found.slice(page * size, (page + 1) * size));
      byId(`${of}-said`).textContent = counted(found.length, one) + (last ? `, page ${page + 1} of ${last + 1}` : "");
      byId(`${of}-place`).textContent = last ? `Page ${page + 1} of ${last + 1}` : "";
      back.disabled = page === 0;
      on.disabled = page === last;
      back.parentElement.hidden = last === 0;
    };
    const turn = (to) => {
      update(to);
      byId(`${of}-said`).scrollIntoView();
    };
    back.addEventListener("click", () => turn(page - 1));
    on.addEventListener("click", () => turn(page + 1));
    let typing = 0;
    const form = byId(`${of}-form`);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(update, 120);
    });
    return { update, reach: (wanted) => update(Math.floor(wanted / (Number(byId(`${of}-size`).value) || Infinity))) };
  };

  const kinds = {
    all: () => true, review: (photo) => photo.review, kept: (photo) => photo.kept, blurred: (photo) => photo.blurred,
    failed: (photo) => photo.failed, none: (photo) => !photo.faces.length && !photo.failed, fault: (photo) => photo.fault,
  };
  const chosenPhotos = () => {
    const text = byId("photos-text").value.trim().toLowerCase();
    return photos.filter((photo) => kinds[byId("photos-kind").value](photo) && photo.text.includes(text));
  };
  const cards = byId("cards");
  cards.className = photos.some((photo) => photo.instead.length > 1) ? "both" : "";
  const photoPages = paged("photos", "photo", chosenPhotos, (some) => cards.replaceChildren(...some.map(cardOf)));

  const alphabet = new Intl.Collator("en", { numeric: true });
  let sorted = { key: null, down: false };
  const compare = (one, other) => {
    const [a, b] = [one[sorted.key], other[sorted.key]];
    if (a === b) return 0;
    if (a === null || a === "") return 1; // what there is none of comes last, whichever way
    if (b === null || b === "") return -1;
    const order = typeof a === "string" ? alphabet.compare(a, b) : a - b;
    return sorted.down ? -order : order;
  };
  const chosenFaces = () => {
    const text = byId("faces-text").value.trim().toLowerCase();
    const decision = byId("faces-decision").value;
    const rule = byId("faces-rule").value;
    const review = byId("faces-review").checked;
    const found = faces.filter(
      (face) =>
        (!decision || face.kept === Number(decision)) && (!rule || face.ruled === rule) && (!review || face.waits) &&
        face.text.includes(text),
    );
    return sorted.key === null ? found : found.sort(compare);
  };
  const titles = [...document.querySelectorAll("#faces th")].map((head) => head.textContent.trim());
  const ruledWhy = (face) =>
    element("span", {}, face.ruled, element("br"), element("bdi", { class: "quiet" }, face.reason));
  const rowOf = (face) => {
    const cells = [
      ["", element("a", { href: `#photo-${face.photo + 1}` }, name(photos[face.photo].short))],
      ["figure", String(face.number)],
      ["", face.who ? name(face.who) : "–"],
      ["figure", against(face.cosine, face.cosineLimit)],
      ["figure", against(face.euclidean, face.euclideanLimit)],
      ["figure", scored(face)],
      ["figure", distance(face.margin)],
      ["figure", face.share === null ? "–" : `${Math.round(100 * face.share)} %`],
      ["", element("span", { class: `${kind(face)}-word` }, face.decision)],
      ["", face.ruled === "matches" ? face.ruled : ruledWhy(face)],
    ];
    const made = cells.map(([of, content], place) => element("td", { role: "cell", class: of, "data-title": titles[place] }, content));
    return element("tr", { role: "row" }, ...made);
  };
  const facePages = paged("faces", "decision", chosenFaces, (some) => byId("rows").replaceChildren(...some.map(rowOf)));
  for (const head of document.querySelectorAll("#faces th")) {
    head.firstElementChild.addEventListener("click", () => {
      const { key } = head.dataset;
      sorted = { key, down: sorted.key === key && !sorted.down };
      for (const other of document.querySelectorAll("#faces th")) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      facePages.update();
    });
  }

  /** Goes to the photo that an address names, on whichever page it is. */
  const goTo = (hash) => {
    const number = /^#photo-(\d+)$/.exec(hash);
    const photo = number && photos[Number(number[1]) - 1];
    if (!photo) return false;
    if (!chosenPhotos().includes(photo)) {
      byId("photos-text").value = "";
      byId("photos-kind").value = "all";
    }
    photoPages.reach(chosenPhotos().indexOf(photo));
    const card = byId(hash.slice(1));
    card.classList.add("meant");
    card.scrollIntoView();
    card.querySelector("h3").focus({ preventScroll: true });
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#photo-"]');
    if (link && goTo(link.getAttribute("href"))) event.preventDefault();
  });

  byId("photos").hidden = byId("decisions").hidden = false;
  photoPages.update();
  facePages.update();
  goTo(location.hash);
})();

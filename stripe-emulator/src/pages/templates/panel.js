// Keeps the panel fresh, and in place when a button is pressed. Without it every button loads the page anew.
let turn = Promise.resolve();
let waiting = 0;
let lost = false;

async function show(init) {
  const answer = await fetch("/panel", init);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { value, form, dataset } = document.activeElement;
  const key = dataset.key;
  const id = form?.elements.id?.value;
  for (const shown of document.querySelectorAll("[data-part]")) {
    const fresh = next.querySelector(`[data-part="${shown.dataset.part}"]`);
    const keeps = fresh.id === "error" && !init && !lost;
    if (!keeps && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
  }
  for (const folded of document.querySelectorAll(".quiet"))
    folded.hidden = next.querySelector(".quiet").hidden;
  lost = false;
  if (!value || document.activeElement !== document.body) return;
  const twins = [...document.querySelectorAll(key ? `[data-key="${key}"]` : `button[value="${value}"]`)];
  twins.find((button) => button.form.elements.id?.value === id)?.focus({ preventScroll: true });
}

function refuse() {
  if (lost) return;
  lost = true;
  const said = document.createElement("p");
  said.className = "note note-bad";
  said.role = "alert";
  said.textContent = "The emulator does not answer.";
  document.querySelector("#error").replaceChildren(said);
}

function run(init) {
  waiting += 1;
  turn = turn.then(() => show(init)).catch(refuse).finally(() => { waiting -= 1; });
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  run({ method: "POST", body: new URLSearchParams(new FormData(event.target, event.submitter)) });
});
setInterval(() => { if (!document.hidden && waiting === 0) run(); }, 1000);

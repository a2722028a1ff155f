// A form that was sent shows that it is at work, and is not sent twice. Everything else works without this
// file.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.dataset.busy || !submitter) return;
  if (form.ariaBusy === "true") return event.preventDefault();
  form.ariaBusy = "true";
  submitter.dataset.label = submitter.textContent;
  submitter.textContent = form.dataset.busy;
});

// A plan that is not sold in the rhythm which is chosen now is not chosen any more.
document.addEventListener("change", ({ target }) => {
  if (target.name !== "rhythm") return;
  for (const plan of target.form.querySelectorAll('[name="price"]:checked'))
    plan.checked = plan.closest(".choice").checkVisibility();
});

// In the portal the quantity is that of the plan which is chosen, if it has one to choose.
document.addEventListener("change", ({ target }) => {
  const quantity = target.name === "price" && target.form.elements.quantity;
  if (!quantity) return;
  const { min, max } = target.dataset;
  Object.assign(quantity, { min, max, disabled: !min });
  if (!min) quantity.value = quantity.defaultValue;
});

// What was done or went wrong is said once, not again when the page is loaded anew.
if (/^\?(done|error)=/.test(location.search)) history.replaceState(null, "", location.pathname);

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // by the Back button: what is shown is old
});

// A form that was sent shows that it is at work, and is not sent twice. Everything else works without this file.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.dataset.busy || !submitter) return;
  if (form.ariaBusy === "true") return event.preventDefault();
  form.ariaBusy = "true";
  submitter.dataset.label = submitter.textContent;
  submitter.textContent = form.dataset.busy;
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // by the Back button: what is shown is old
});

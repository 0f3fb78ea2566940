// 通行密钥: [data-passkey="create"|"get"] is a form with the options of WebAuthn; the answer goes with it.
const forms = document.querySelectorAll("form[data-passkey]");

for (const form of forms) {
  const options = JSON.parse(form.dataset.options);
  const creating = form.dataset.passkey === "create";
  const problem = form.querySelector("[data-passkey-problem]");
  const read = creating ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  let answered = false;

  form.addEventListener("submit", async event => {
    if (answered) return;
    event.preventDefault();
    problem.hidden = true;
    try {
      const publicKey = PublicKeyCredential[read](options);
      const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.credential.value = JSON.stringify(made);
      answered = true;
      form.requestSubmit();
    } catch (error) {
      problem.textContent = error?.name === "InvalidStateError" ? problem.dataset.known : problem.dataset.words;
      problem.hidden = false;
    }
  });
}

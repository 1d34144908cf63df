// Paying needs none of this: it keeps a payer from pressing twice, and tells news sooner.
(() => {
    "use strict";

    const FIRST_WAIT = 2000;
    const LONGEST_WAIT = 15000;
    const ATTEMPTS = 40;

    const button = document.querySelector("button[data-busy]");
    if (button) {
        const label = [...button.childNodes];
        button.form.addEventListener("submit", (event) => {
            if (button.getAttribute("aria-disabled") === "true") {
                event.preventDefault();
                return;
            }
            button.setAttribute("aria-disabled", "true");
            button.textContent = button.dataset.busy;
        });
        // What the button says is the total that was shown: another choice has another one.
        for (const field of document.querySelectorAll("input[form='pay-form']")) {
            field.addEventListener("input", () => {
                button.textContent = button.dataset.changed;
            });
        }
        // Coming back with the browser's own button shows the page as it was left.
        window.addEventListener("pageshow", () => {
            button.removeAttribute("aria-disabled");
            button.replaceChildren(...label);
        });
    }

    const outcome = document.querySelector("[data-status-url]");
    if (!outcome) {
        return;
    }
    const live = outcome.querySelector("[data-news]");

    async function hasNews() {
        try {
            const answer = await fetch(outcome.dataset.statusUrl, { cache: "no-store" });
            const { state, amountPaid } = answer.ok ? await answer.json() : {};
            const { state: known, paid } = outcome.dataset;
            return answer.ok && (state !== known || amountPaid !== paid);
        } catch {
            return false; // no network for a moment
        }
    }

    async function poll(attempt, wait) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        if (await hasNews()) {
            live.textContent = live.dataset.news;
            setTimeout(() => window.location.reload(), 400);
        } else if (attempt < ATTEMPTS) {
            await poll(attempt + 1, Math.min(wait * 1.3, LONGEST_WAIT));
        }
    }

    poll(1, FIRST_WAIT);
})();

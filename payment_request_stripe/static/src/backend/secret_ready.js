import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { copyText } from "./copy_text";

/**
 * Show a secret that nobody can read again later, and offer to copy it.
 */
function secretReady(env, { params }) {
    const { notification } = env.services;
    notification.add(`${params.message}\n${params.secret}`, {
        type: "warning",
        sticky: true,
        className: "o_payment_request_secret_ready",
        buttons: [
            {
                name: _t("Copy Secret"),
                icon: "fa-clipboard",
                primary: true,
                onClick: async () => {
                    const copied = await copyText(params.secret);
                    notification.add(
                        copied
                            ? _t("The signing secret is copied.")
                            : _t("Your browser does not let us copy. Select the secret and copy it."),
                        { type: copied ? "info" : "warning" }
                    );
                },
            },
        ],
    });
    return params.next;
}

registry.category("actions").add("payment_request_stripe.secret_ready", secretReady);

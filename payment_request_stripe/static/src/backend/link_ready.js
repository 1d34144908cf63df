import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { copyText } from "./copy_text";

/**
 * Say that a payment link exists, and offer to copy it or to open its request.
 */
function paymentLinkReady(env, { params }) {
    const { notification, action } = env.services;
    const close = notification.add(`${params.message}\n${params.url}`, {
        type: "success",
        sticky: true,
        className: "o_payment_request_link_ready",
        buttons: [
            {
                name: _t("Copy Link"),
                icon: "fa-clipboard",
                primary: true,
                onClick: async () => {
                    if (await copyText(params.url)) {
                        close();
                        notification.add(_t("The payment link is copied."), { type: "info" });
                    } else {
                        notification.add(
                            _t("Your browser does not let us copy. Select the link and copy it."),
                            { type: "warning" }
                        );
                    }
                },
            },
            {
                name: _t("Open"),
                onClick: () => {
                    close();
                    action.doAction({
                        type: "ir.actions.act_window",
                        res_model: "payment.request",
                        res_id: params.request_id,
                        views: [[false, "form"]],
                    });
                },
            },
        ],
    });
    return params.next;
}

registry.category("actions").add("payment_request_stripe.link_ready", paymentLinkReady);

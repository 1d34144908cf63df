/* Copyright 2026 payment_request_stripe contributors
 * License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/**
 * Adds up what is chosen to be paid. Without it the page works all the same: the server adds up.
 */
export class MyPayments extends Interaction {
    static selector = ".o_payment_request_choice";
    dynamicContent = {
        _root: {"t-on-input": this.showTotal, "t-on-change": this.showTotal},
        ".o_payment_request_all": {"t-on-change": this.chooseAll},
        ".o_payment_request_total": {"t-out": () => this.total},
        ".o_payment_request_pay": {"t-att-disabled": () => (this.count ? undefined : "disabled")},
    };

    setup() {
        const {currency, lang, decimals} = this.el.dataset;
        this.format = new Intl.NumberFormat(lang, {
            style: "currency",
            currency,
            minimumFractionDigits: Number(decimals),
            maximumFractionDigits: Number(decimals),
        });
        // Minor units: a sum of decimal fractions would not be exact.
        this.unit = 10 ** Number(decimals);
        this.showTotal();
    }

    get rows() {
        return [...this.el.querySelectorAll(".o_payment_request_row")];
    }

    chooseAll(event) {
        for (const row of this.rows) {
            const tick = row.querySelector("input[type='checkbox']");
            tick.checked = event.currentTarget.checked && !tick.disabled;
        }
    }

    showTotal() {
        let minor = 0;
        this.count = 0;
        for (const row of this.rows) {
            const tick = row.querySelector("input[type='checkbox']");
            const amount = row.querySelector("input[type='number']");
            amount.disabled = !tick.checked;
            if (tick.checked) {
                this.count += 1;
                minor += Math.round(Number(amount.value || 0) * this.unit);
            }
        }
        this.total = this.format.format(minor / this.unit);
    }
}

registry.category("public.interactions").add("payment_request_stripe.my_payments", MyPayments);

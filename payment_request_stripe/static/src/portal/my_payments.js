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
        // Before the form hears of it, which counts the ticks.
        ".o_payment_request_all": {"t-on-input": this.chooseAll},
        ".o_payment_request_total": {"t-out": () => this.total},
        ".o_payment_request_pay": {"t-att-disabled": () => (this.count ? undefined : "disabled")},
    };

    setup() {
        const {lang, decimals} = this.el.dataset;
        this.format = new Intl.NumberFormat(lang, {
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
        const {rows} = this;
        const chosen = rows.filter((row) => row.querySelector("input[type='checkbox']").checked);
        for (const row of rows) {
            const amount = row.querySelector("input[type='number']");
            if (amount) {
                amount.disabled = !chosen.includes(row);
            }
        }
        this.count = chosen.length;
        const minor = chosen.reduce((sum, row) => sum + this.getMinor(row), 0);
        this.total = this.formatAmount(minor / this.unit);
        const all = this.el.querySelector(".o_payment_request_all");
        if (all) {
            all.checked = this.count === rows.length;
            all.indeterminate = this.count > 0 && !all.checked;
        }
    }

    /** As Odoo writes amounts, so that all on the page look alike. */
    formatAmount(amount) {
        const {symbol, position} = this.el.dataset;
        const parts = [symbol, this.format.format(amount)];
        return (position === "before" ? parts : parts.reverse()).join("\u00a0");
    }

    /** What is to be paid of a row: the amount that was entered, else all that is due. */
    getMinor(row) {
        const amount = row.querySelector("input[type='number']");
        return Math.round(Number(amount ? amount.value : row.dataset.due) * this.unit);
    }
}

registry.category("public.interactions").add("payment_request_stripe.my_payments", MyPayments);

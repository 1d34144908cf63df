import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatMonetary } from "@web/views/fields/formatters";
import { Layout } from "@web/search/layout";
import { registry } from "@web/core/registry";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useService } from "@web/core/utils/hooks";

const PERIODS = [
    { days: 7, label: _t("7 days") },
    { days: 30, label: _t("30 days") },
    { days: 90, label: _t("90 days") },
    { days: 365, label: _t("12 months") },
];

/**
 * What payment links brought in a period, how far the customers came, and what waits for somebody.
 */
export class PaymentRequestDashboard extends Component {
    static template = "payment_request_stripe.Dashboard";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.periods = PERIODS;
        this.state = useState({ days: 30, data: null });
        onWillStart(() => this.load(30));
    }

    get display() {
        return { controlPanel: {} };
    }

    get highestWeek() {
        return Math.max(...this.state.data.weeks.map((week) => week.amount), 0);
    }

    get highestDecline() {
        return Math.max(...this.state.data.declines.map((decline) => decline.count), 1);
    }

    /** Whether each bar has room for its amount and its day. */
    get hasRoom() {
        return this.state.data.weeks.length <= 14;
    }

    get timeToPay() {
        const days = this.state.data.days_to_pay;
        if (!this.state.data.paid_count) {
            return "–";
        }
        if (days < 1) {
            return _t("Under a day");
        }
        const shown = this.number(days, 1);
        return days < 1.05 ? _t("%s day", shown) : _t("%s days", shown);
    }

    get waiting() {
        return this.state.data.work.filter((item) => item.count);
    }

    async load(days) {
        const data = await this.orm.call("payment.request.report", "get_dashboard", [], { days });
        Object.assign(this.state, { days, data });
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.state.data.currency });
    }

    shortMoney(amount) {
        return formatMonetary(amount, {
            currencyId: this.state.data.currency,
            humanReadable: true,
            decimals: 0,
        });
    }

    number(value, digits = 0) {
        return value.toLocaleString(undefined, {
            minimumFractionDigits: 0,
            maximumFractionDigits: digits,
        });
    }

    openList(filter) {
        return this.action.doAction("payment_request_stripe.action_payment_request", {
            additionalContext: { [`search_default_${filter}`]: 1 },
        });
    }

    openReport(domain = []) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Payment Link Analysis"),
            res_model: "payment.request.report",
            views: [
                [false, "list"],
                [false, "pivot"],
                [false, "graph"],
            ],
            domain: [["sent_at", ">=", this.state.data.since], ...domain],
        });
    }
}

registry.category("actions").add("payment_request_stripe.dashboard", PaymentRequestDashboard);

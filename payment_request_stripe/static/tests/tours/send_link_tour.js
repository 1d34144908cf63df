import { registry } from "@web/core/registry";

const row = (number) =>
    `.o_list_view .o_data_row:has(td[name='invoice_partner_display_name']:contains('Tess Tourist')):eq(${number})`;

registry.category("web_tour.tours").add("payment_request_stripe_send_link", {
    steps: () => [
        ...[0, 1, 2].map((number) => ({
            content: `Choose invoice ${number + 1}`,
            trigger: `${row(number)} .o_list_record_selector input`,
            run: "click",
        })),
        {
            content: "Send one payment link for the three",
            trigger: ".o_control_panel button[name='action_send_payment_link']",
            run: "click",
        },
        {
            content: "One line per invoice",
            trigger: ".modal .o_payment_request_send .o_data_row:eq(2)",
        },
        {
            content: "Add up what is asked",
            trigger: ".modal .o_field_widget[name='total']:contains('351.25')",
        },
        {
            content: "Say something of our own",
            trigger: ".modal .o_field_widget[name='message'] textarea",
            run: "edit Thank you for staying with us.",
        },
        {
            content: "Send",
            trigger: ".modal footer button[name='action_send']:contains('Send')",
            run: "click",
        },
        {
            content: "The link is there to be copied",
            trigger: ".o_notification:contains('/pay/')",
        },
        {
            content: "The dialog is gone",
            trigger: "body:not(:has(.modal))",
        },
    ],
});

import { browser } from "@web/core/browser/browser";

/**
 * Put a text on the clipboard. Pages that are not served over https have no clipboard of their own.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copyText(text) {
    try {
        await browser.navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

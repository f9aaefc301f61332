const body = JSON.stringify({ at: new Date(at).toISOString(), ms: at.getTime(), day: at.getUTCDate() });
res.json({ count: rows.length.toLocaleString(), id: id.toString(), total: total.toString() });
// What is shown to people is theirs.
cell.textContent = new Date(row.at).toLocaleString(), title.textContent = due.toLocaleDateString();
footer.textContent = `© ${new Date().getFullYear()}`;
app.post("/tasks", async (req, res) => {
  console.log(new Date().toLocaleString(), due.getHours());
  res.json({ at: Date.now() });
});
fetch("/tasks").then((answer) => { show(answer.at.toLocaleTimeString()); });
it("sends", function () { shown = createdAt.toLocaleString(); });
